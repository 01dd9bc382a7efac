//! Names of types, classes and codes, as blackbox.yml and records write them.

/// The type SOA.
pub(crate) const SOA: u16 = 6;
/// The type OPT: not a record, but what EDNS adds to a message.
pub(crate) const OPT: u16 = 41;
/// The type TSIG: a signature of the whole message.
pub(crate) const TSIG: u16 = 250;
/// The type ANY: all that there is.
pub(crate) const ANY: u16 = 255;
/// The class IN.
pub(crate) const IN: u16 = 1;

/// Types by number. Those that upstream's library does not know have none, so that they are written as `TYPE…`.
const TYPES: &[(u16, &str)] = &[
    (0, "None"),
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (19, "X25"),
    (20, "ISDN"),
    (21, "RT"),
    (23, "NSAP-PTR"),
    (24, "SIG"),
    (25, "KEY"),
    (26, "PX"),
    (27, "GPOS"),
    (28, "AAAA"),
    (29, "LOC"),
    (30, "NXT"),
    (31, "EID"),
    (32, "NIMLOC"),
    (33, "SRV"),
    (34, "ATMA"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (56, "NINFO"),
    (57, "RKEY"),
    (58, "TALINK"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (100, "UINFO"),
    (101, "UID"),
    (102, "GID"),
    (103, "UNSPEC"),
    (104, "NID"),
    (105, "L32"),
    (106, "L64"),
    (107, "LP"),
    (108, "EUI48"),
    (109, "EUI64"),
    (128, "NXNAME"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (253, "MAILB"),
    (254, "MAILA"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
    (258, "AVC"),
    (260, "AMTRELAY"),
    (261, "RESINFO"),
    (32768, "TA"),
    (32769, "DLV"),
    (65535, "Reserved"),
];

const CLASSES: &[(u16, &str)] = &[(1, "IN"), (2, "CS"), (3, "CH"), (4, "HS"), (254, "NONE"), (255, "ANY")];

const RCODES: &[(u16, &str)] = &[
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (7, "YXRRSET"),
    (8, "NXRRSET"),
    (9, "NOTAUTH"),
    (10, "NOTZONE"),
    (11, "DSOTYPENI"),
    (16, "BADSIG"),
    (17, "BADKEY"),
    (18, "BADTIME"),
    (19, "BADMODE"),
    (20, "BADNAME"),
    (21, "BADALG"),
    (22, "BADTRUNC"),
    (23, "BADCOOKIE"),
];

fn number(table: &[(u16, &str)], name: &str) -> Option<u16> {
    table
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(number, _)| *number)
}

fn name<'t>(table: &[(u16, &'t str)], number: u16) -> Option<&'t str> {
    let place = table.binary_search_by_key(&number, |(known, _)| *known).ok()?;
    table.get(place).map(|(_, name)| *name)
}

/// The type of this name, in capitals.
pub(crate) fn type_number(name: &str) -> Option<u16> {
    number(TYPES, name)
}

/// The class of this name, in capitals.
pub(crate) fn class_number(name: &str) -> Option<u16> {
    number(CLASSES, name)
}

/// The response code of this name, in capitals.
pub(crate) fn rcode_number(name: &str) -> Option<u16> {
    match name {
        "NOTIMPL" => Some(4),
        _ => number(RCODES, name),
    }
}

/// A type as records write it.
pub(crate) fn type_name(number: u16) -> String {
    name(TYPES, number).map_or_else(|| format!("TYPE{number}"), str::to_owned)
}

/// A class as records write it; `ANY` would be taken for the type.
pub(crate) fn class_name(number: u16) -> String {
    let known = name(CLASSES, number).filter(|_| number != 255);
    known.map_or_else(|| format!("CLASS{number}"), str::to_owned)
}

/// A response code for people.
pub(crate) fn rcode_name(number: u16) -> String {
    name(RCODES, number).map_or_else(|| format!("RCODE{number}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        for table in [TYPES, CLASSES, RCODES] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
    }

    #[test]
    fn names_and_numbers_are_each_others() {
        assert_eq!((type_number("HTTPS"), type_name(65).as_str()), (Some(65), "HTTPS"));
        assert_eq!((type_number("WKS"), type_name(11).as_str()), (None, "TYPE11"));
        assert_eq!((class_number("ANY"), class_name(255).as_str()), (Some(255), "CLASS255"));
        assert_eq!((class_number("CH"), class_name(3).as_str()), (Some(3), "CH"));
        assert_eq!((rcode_number("NOTIMP"), rcode_number("NOTIMPL")), (Some(4), Some(4)));
        assert_eq!(
            (rcode_name(16), rcode_name(77)),
            ("BADSIG".to_owned(), "RCODE77".to_owned())
        );
        assert_eq!((type_number("a"), rcode_number("BADVERS")), (None, None));
    }
}
