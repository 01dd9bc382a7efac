//! Of which fields the data of each type are made, in order.

/// A part of a record's data. Where nothing else is said, it is written with a space before it if it is not the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Numbers, in decimal.
    U8,
    U16,
    U32,
    /// A name.
    Name,
    /// A string in quotes.
    Text,
    /// A string without.
    Bare,
    /// Strings in quotes to the end.
    Texts,
    /// The rest, in quotes.
    Octets,
    /// The rest, as it is.
    Raw,
    /// The rest in base 16.
    HexUpper,
    HexLower,
    /// The same, with a space after every 1024 digits.
    HexChunks,
    /// The rest in base 64.
    Base64,
    /// Addresses; none, and no space, when missing.
    Ipv4,
    Ipv6,
    /// A set of types.
    Types,
    /// A type's name.
    Type,
    /// Seconds since 1970, as `YYYYMMDDhhmmss`; in four bytes and in six.
    Date,
    LongDate,
    /// The kind of a certificate.
    CertificateKind,
    /// An algorithm of DNSSEC by its name.
    Algorithm,
    /// Eight bytes as four numbers in base 16.
    NodeId,
    Locator,
    /// Bytes with dashes between them.
    Eui48,
    Eui64,
    /// A length and so many bytes: in base 16, `-` for none; in base 32.
    Salt,
    Hash,
    /// A length of two bytes, written too, and so many bytes in base 16.
    SizedHexUpper,
    SizedHexLower,
    /// Addresses with prefix lengths (APL).
    Prefixes,
    /// The data of types that are like no others.
    Location,
    Service,
    Hip,
    Gateway,
    Relay,
}

/// The fields of a type; `None`: they are not known.
pub(crate) fn layout(kind: u16) -> Option<&'static [Field]> {
    use Field::*;
    Some(match kind {
        1 => &[Ipv4],
        2..=5 | 7..=9 | 12 | 23 | 39 => &[Name],
        6 => &[Name, Name, U32, U32, U32, U32, U32],
        10 => &[Raw],
        13 | 20 => &[Text, Text],
        14 | 17 | 58 => &[Name, Name],
        15 | 18 | 21 | 36 | 107 => &[U16, Name],
        16 | 56 | 99 | 258 | 261 => &[Texts],
        19 => &[Bare],
        24 | 46 => &[Type, U8, U8, U32, Date, Date, U16, Name, Base64],
        25 | 48 | 57 | 60 => &[U16, U8, U8, Base64],
        26 => &[U16, Name, Name],
        27 => &[Bare, Bare, Bare],
        28 => &[Ipv6],
        29 => &[Location],
        30 | 47 => &[Name, Types],
        31 | 32 => &[HexUpper],
        33 => &[U16, U16, U16, Name],
        35 => &[U16, U16, Text, Text, Text, Name],
        37 => &[CertificateKind, U16, Algorithm, Base64],
        42 => &[Prefixes],
        43 | 59 | 32768 | 32769 => &[U16, U8, U8, HexUpper],
        44 => &[U8, U8, HexUpper],
        45 => &[Gateway],
        49 | 61 => &[Base64],
        50 => &[U8, U8, U16, Salt, Hash, Types],
        51 => &[U8, U8, U16, Salt],
        52 => &[U8, U8, U8, HexLower],
        53 => &[U8, U8, U8, HexChunks],
        55 => &[Hip],
        62 => &[U32, U16, Types],
        63 => &[U32, U8, U8, HexLower],
        64 | 65 => &[U16, Name, Service],
        100 => &[Text],
        101 | 102 => &[U32],
        104 => &[U16, NodeId],
        105 => &[U16, Ipv4],
        106 => &[U16, Locator],
        108 => &[Eui48],
        109 => &[Eui64],
        128 | 255 => &[],
        249 => &[Name, Date, Date, U16, U16, SizedHexLower, SizedHexLower],
        250 => &[Name, LongDate, U16, SizedHexUpper, U16, U16, SizedHexLower],
        256 => &[U16, U16, Octets],
        257 => &[U8, Bare, Octets],
        260 => &[Relay],
        _ => return None,
    })
}

/// What stands before the name: these types have no text of their own, and are written as comments.
pub(crate) fn before(kind: u16) -> &'static str {
    match kind {
        10 | 249 => ";",
        250 => "\n;; TSIG PSEUDOSECTION:\n; ",
        _ => "",
    }
}
