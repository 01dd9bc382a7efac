//! `SIOCETHTOOL` of netdevice(7): what the driver of a network device tells, one command a question.
//! Source: include/uapi/linux/ethtool.h; the offsets below are those of its structs.

use std::ffi::{c_char, c_void};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::{self, NonNull};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

const SIOCETHTOOL: libc::Ioctl = 0x8946;

const GDRVINFO: u32 = 0x3;
const GSTRINGS: u32 = 0x1b;
const GSTATS: u32 = 0x1d;
const GSSET_INFO: u32 = 0x37;
const GLINKSETTINGS: u32 = 0x4c;
/// The set of strings that names the statistics.
const SS_STATS: u32 = 1;

/// Length of a name of a statistic and of each text of `struct ethtool_drvinfo`, with the zeros behind it.
pub(crate) const TEXT: usize = 32;

/// The commands, asked over a socket of the network namespace in which it was opened.
pub(crate) struct Ethtool {
    socket: OwnedFd,
    room: Room,
}

/// `ETHTOOL_GDRVINFO`: the driver and what it says of itself. Texts may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DriverInfo {
    pub(crate) driver: String,
    pub(crate) version: String,
    pub(crate) firmware_version: String,
    pub(crate) bus_info: String,
    pub(crate) expansion_rom_version: String,
}

/// `ETHTOOL_GLINKSETTINGS`, since Linux 4.6. Link modes are bits in words, numbered by `enum
/// ethtool_link_mode_bit_indices`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LinkSettings {
    /// `AUTONEG_ENABLE`, which is 1, or 0.
    pub(crate) autonegotiation: u8,
    pub(crate) supported: Vec<u32>,
    pub(crate) advertised: Vec<u32>,
}

impl DriverInfo {
    /// From `struct ethtool_drvinfo`: a word, and five texts of one length.
    fn parse(answer: &[u8]) -> Self {
        let texts = answer.get(4..).unwrap_or_default().as_chunks::<TEXT>().0;
        let text = |index: usize| texts.get(index).map(|field| text(field)).unwrap_or_default();
        Self {
            driver: text(0),
            version: text(1),
            firmware_version: text(2),
            bus_info: text(3),
            expansion_rom_version: text(4),
        }
    }
}

impl LinkSettings {
    const AUTONEGOTIATION: usize = 11;
    /// The number of words of each mask.
    const WORDS: usize = 15;
    const MASKS: usize = 48;

    /// From `struct ethtool_link_settings`.
    fn parse(answer: &[u8]) -> Self {
        let count = byte(answer, Self::WORDS).into();
        let words = answer.get(Self::MASKS..).unwrap_or_default().as_chunks().0;
        let mut words = words.iter().map(|word| u32::from_ne_bytes(*word));
        let mut mask = || words.by_ref().take(count).collect();
        Self {
            autonegotiation: byte(answer, Self::AUTONEGOTIATION),
            supported: mask(),
            advertised: mask(),
        }
    }
}

impl Ethtool {
    /// Opens the socket.
    ///
    /// # Errors
    /// What the kernel said.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            socket: socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?,
            room: Room::map()?,
        })
    }

    /// The driver of `device`.
    ///
    /// # Errors
    /// What the kernel said, as when the device has gone or its driver tells nothing.
    pub(crate) fn driver_info(&mut self, device: &str) -> io::Result<DriverInfo> {
        Ok(DriverInfo::parse(self.ask(device, &[GDRVINFO])?))
    }

    /// The link modes of `device`. The kernel is asked twice: first it says how many words of bits it has.
    ///
    /// # Errors
    /// As [`driver_info`](Self::driver_info).
    pub(crate) fn link_settings(&mut self, device: &str) -> io::Result<LinkSettings> {
        let mut question = [0; LinkSettings::MASKS / 4];
        question[0] = GLINKSETTINGS;
        let told = byte(self.ask(device, &question)?, LinkSettings::WORDS).cast_signed();
        // The count is negative in the first answer, and the last byte of its word.
        question[LinkSettings::WORDS / 4] = u32::from_ne_bytes([0, 0, 0, told.unsigned_abs()]);
        Ok(LinkSettings::parse(self.ask(device, &question)?))
    }

    /// The names of the statistics of `device`, each filled with zeros to its length.
    ///
    /// # Errors
    /// As [`driver_info`](Self::driver_info), and when there are more than fit.
    pub(crate) fn statistic_names(&mut self, device: &str) -> io::Result<&[[u8; TEXT]]> {
        // `struct ethtool_sset_info` has its count behind a mask of 64 bits, `struct ethtool_gstrings` its texts behind
        // their number.
        let [low, high] = split(1 << SS_STATS);
        let count = word(self.ask(device, &[GSSET_INFO, 0, low, high])?, 16);
        let answer = self.ask(device, &[GSTRINGS, SS_STATS, count])?;
        let count = word(answer, 8) as usize;
        let names = answer.get(12..).unwrap_or_default().as_chunks().0;
        names.get(..count).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The values of the `count` statistics of `device`, in the order of their names. There are fewer or more of them
    /// when the device changed since it told the names.
    ///
    /// # Errors
    /// As [`statistic_names`](Self::statistic_names).
    pub(crate) fn statistics(&mut self, device: &str, count: usize) -> io::Result<impl ExactSizeIterator<Item = u64>> {
        let count = u32::try_from(count).map_err(io::Error::other)?;
        let answer = self.ask(device, &[GSTATS, count])?;
        let count = word(answer, 4) as usize;
        let values = answer.get(8..).unwrap_or_default().as_chunks().0.get(..count);
        let values = values.ok_or(io::ErrorKind::InvalidData)?;
        Ok(values.iter().map(|value| u64::from_ne_bytes(*value)))
    }

    /// Asks one command, of which these are the first words, and returns its struct as the kernel filled it in.
    fn ask(&mut self, device: &str, command: &[u32]) -> io::Result<&[u8]> {
        let bytes = self.room.bytes_mut();
        // No struct that the kernel does not fill is longer.
        bytes[..Room::PAGE].fill(0);
        for (place, word) in bytes.as_chunks_mut().0.iter_mut().zip(command) {
            *place = word.to_ne_bytes();
        }
        // SAFETY: `ifreq` is made of integers and pointers, for which all zeros is a value.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        if device.len() >= request.ifr_name.len() {
            return Err(io::Error::from_raw_os_error(libc::ENODEV));
        }
        for (place, byte) in request.ifr_name.iter_mut().zip(device.bytes()) {
            *place = byte as c_char;
        }
        request.ifr_ifru.ifru_data = self.room.start.as_ptr().cast();
        // SAFETY: both pointers are to memory of ours. The kernel writes as much as the device has at that moment, which
        // may be more than it said before: it fails at the end of the room, behind which nothing can be written.
        let result = unsafe { libc::ioctl(self.socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(self.room.bytes())
    }
}

/// Memory for the struct of one command, with a page behind it that cannot be written. Only what was used is backed by
/// real memory.
struct Room {
    start: NonNull<u8>,
}

impl Room {
    /// At least the page size of every architecture.
    const PAGE: usize = 64 * 1024;
    /// For 32767 names.
    const LENGTH: usize = 16 * Self::PAGE;

    fn map() -> io::Result<Self> {
        let (whole, flags) = (Self::LENGTH + Self::PAGE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, at a place that the kernel chooses, takes nothing from anyone.
        let start = unsafe { libc::mmap(ptr::null_mut(), whole, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let room = NonNull::new(start.cast()).map(|start| Self { start });
        let room = room.ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: this is the first part of the mapping above, to which nobody else has a pointer.
        let result = unsafe { libc::mprotect(start, Self::LENGTH, libc::PROT_READ | libc::PROT_WRITE) };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(room)
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes can be read as long as the mapping lives, and it lives as long as `self`. The kernel
        // writes only during `Ethtool::ask`, which borrows mutably.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), Self::LENGTH) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), Self::LENGTH) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let start: *mut c_void = self.start.as_ptr().cast();
        // SAFETY: this is the mapping that `map` made, and nothing borrows from it any more.
        unsafe { libc::munmap(start, Self::LENGTH + Self::PAGE) };
    }
}

// SAFETY: the mapping belongs to the process, not to a thread, and to this value alone.
unsafe impl Send for Room {}

fn byte(answer: &[u8], offset: usize) -> u8 {
    answer.get(offset).copied().unwrap_or(0)
}

fn word(answer: &[u8], offset: usize) -> u32 {
    let bytes = answer.get(offset..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

/// A number of 64 bits as two words, as they lie in memory.
fn split(number: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = number.to_ne_bytes();
    [u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes([e, f, g, h])]
}

/// A text up to its first zero.
pub(crate) fn text(field: &[u8]) -> String {
    let text = field.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn devices_that_are_not_there_are_told_apart_from_those_that_tell_nothing() {
        let mut ethtool = Ethtool::open().unwrap();
        for device in ["none", "a-name-that-is-too-long"] {
            let error = ethtool.driver_info(device).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENODEV), "{device}");
        }
        let error = ethtool.link_settings("lo").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EOPNOTSUPP));
    }

    #[test]
    fn the_kernel_cannot_write_beyond_the_room() {
        let mut room = Room::map().unwrap();
        room.bytes_mut().fill(7);
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"abc").unwrap();
        let last = Room::LENGTH - 1;
        // SAFETY: one byte of the room is left; a second one is what the test is about, and is refused.
        let read = unsafe { libc::read(reader.as_raw_fd(), room.start.as_ptr().add(last).cast(), 3) };
        assert!(read < 0 || read == 1, "{read}");
        assert!(room.bytes()[..last].iter().all(|byte| *byte == 7));
    }

    #[test]
    fn answers_are_read_by_the_offsets_of_their_structs() {
        let mut answer = vec![3, 0, 0, 0];
        for text in ["e1000e", "6.18", "0.5-4", "0000:00:1f.6", "rom"] {
            answer.extend(text.bytes().chain([0; TEXT]).take(TEXT));
        }
        answer.extend([0xff; 32]);
        let driver = DriverInfo::parse(&answer);
        assert_eq!((driver.driver.as_str(), driver.version.as_str()), ("e1000e", "6.18"));
        assert_eq!(
            (driver.firmware_version.as_str(), driver.bus_info.as_str()),
            ("0.5-4", "0000:00:1f.6")
        );
        assert_eq!(driver.expansion_rom_version, "rom");

        let mut answer = vec![0; 48];
        (answer[11], answer[15]) = (1, 2);
        answer.extend([1_u32, 2, 3, 4, 5, 6].iter().flat_map(|word| word.to_ne_bytes()));
        let expected = LinkSettings {
            autonegotiation: 1,
            supported: vec![1, 2],
            advertised: vec![3, 4],
        };
        assert_eq!(LinkSettings::parse(&answer), expected);
        assert_eq!(LinkSettings::parse(&[]), LinkSettings::default());
    }

    #[test]
    fn texts_end_at_their_first_zero() {
        for (field, expected) in [(&b"ab\0c"[..], "ab"), (b"abc", "abc"), (b"\0", ""), (b"", "")] {
            assert_eq!(text(field), expected);
        }
        assert_eq!(split(2), if cfg!(target_endian = "little") { [2, 0] } else { [0, 2] });
    }
}
