/* Random numbers that are the same each time. A build script that walks through a HashMap, such as the one that makes the tables
   of a grammar, writes in another order with each build, and two builds are to give the same bytes. Rust's library asks this
   function where there is one. It is for builds that download nothing: no secret may come from here. */
#include <string.h>
#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
	(void)flags;
	memset(buffer, 0x5a, length);
	return (ssize_t)length;
}
