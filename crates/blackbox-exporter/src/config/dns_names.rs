//! The names of DNS classes and types, in capitals as upstream wants them.
//! Source: <https://www.iana.org/assignments/dns-parameters>.

/// Whether there is a class of this name.
pub(super) fn is_class(name: &str) -> bool {
    CLASSES.contains(&name)
}

/// Whether there is a type of this name, in either way to ask for it.
pub(super) fn is_type(name: &str) -> bool {
    TYPES.contains(&name)
}

const CLASSES: &[&str] = &["IN", "CS", "CH", "HS", "NONE", "ANY"];

#[rustfmt::skip]
const TYPES: &[&str] = &[
    "None", "A", "NS", "MD", "MF", "CNAME", "SOA", "MB", "MG", "MR", "NULL", "PTR", "HINFO", "MINFO", "MX", "TXT",
    "RP", "AFSDB", "X25", "ISDN", "RT", "NSAP-PTR", "SIG", "KEY", "PX", "GPOS", "AAAA", "LOC", "NXT", "EID", "NIMLOC",
    "SRV", "ATMA", "NAPTR", "KX", "CERT", "DNAME", "OPT", "APL", "DS", "SSHFP", "IPSECKEY", "RRSIG", "NSEC", "DNSKEY",
    "DHCID", "NSEC3", "NSEC3PARAM", "TLSA", "SMIMEA", "HIP", "NINFO", "RKEY", "TALINK", "CDS", "CDNSKEY", "OPENPGPKEY",
    "CSYNC", "ZONEMD", "SVCB", "HTTPS", "SPF", "UINFO", "UID", "GID", "UNSPEC", "NID", "L32", "L64", "LP", "EUI48",
    "EUI64", "NXNAME", "TKEY", "TSIG", "IXFR", "AXFR", "MAILB", "MAILA", "ANY", "URI", "CAA", "AVC", "AMTRELAY",
    "RESINFO", "TA", "DLV", "Reserved",
];
