//! A certificate's facts, in Go's words: names as `pkix.Name` writes them, numbers in hexadecimal.

use ring::digest::{SHA256, digest};
use x509_parser::asn1_rs::{Any, Tag, ToDer as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::Oid;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

/// A certificate that could be read.
pub(crate) struct Certificate<'d> {
    der: &'d [u8],
    parsed: X509Certificate<'d>,
}

impl<'d> Certificate<'d> {
    /// Reads DER.
    pub(crate) fn parse(der: &'d [u8]) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(der).ok()?;
        rest.is_empty().then_some(Self { der, parsed })
    }

    /// From when it is valid, in seconds since 1970.
    pub(crate) fn not_before(&self) -> i64 {
        self.parsed.validity().not_before.timestamp()
    }

    /// Until when it is valid, in seconds since 1970.
    pub(crate) fn not_after(&self) -> i64 {
        self.parsed.validity().not_after.timestamp()
    }

    /// Whether subject and issuer are the same.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.parsed.subject().as_raw() == self.parsed.issuer().as_raw()
    }

    /// SHA-256 of the whole, in hexadecimal.
    pub(crate) fn fingerprint(&self) -> String {
        hex(digest(&SHA256, self.der).as_ref())
    }

    /// The serial number in hexadecimal, whole bytes, without leading zero bytes.
    pub(crate) fn serial_number(&self) -> String {
        let bytes = self.parsed.raw_serial();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        hex(bytes.get(zeros..).unwrap_or_default())
    }

    /// Whose it is.
    pub(crate) fn subject(&self) -> String {
        name(self.parsed.subject())
    }

    /// Who signed it.
    pub(crate) fn issuer(&self) -> String {
        name(self.parsed.issuer())
    }

    /// The DNS names that it is for.
    pub(crate) fn dns_names(&self) -> Vec<&str> {
        let names = self.general_names().iter();
        names
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(*name),
                _ => None,
            })
            .collect()
    }

    /// DNS names and addresses that it is for.
    pub(crate) fn alternative_names(&self) -> Vec<String> {
        let names = self.general_names().iter();
        names
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress(bytes) => address(bytes),
                _ => None,
            })
            .collect()
    }

    fn general_names(&self) -> &[GeneralName<'d>] {
        let names = self.parsed.subject_alternative_name().ok().flatten();
        names.map_or(&[], |names| &names.value.general_names)
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    Some(std::net::Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The attributes that Go knows, in the order in which it writes them, and whether the values of all are kept.
const KNOWN: &[(&str, &str, bool)] = &[
    ("2.5.4.5", "SERIALNUMBER", false),
    ("2.5.4.3", "CN", false),
    ("2.5.4.11", "OU", true),
    ("2.5.4.10", "O", true),
    ("2.5.4.17", "POSTALCODE", true),
    ("2.5.4.9", "STREET", true),
    ("2.5.4.7", "L", true),
    ("2.5.4.8", "ST", true),
    ("2.5.4.6", "C", true),
];

/// A name in the manner of RFC 2253: attributes that Go knows in its own order, with all values of one kind together and
/// only the last common name, then all others from last to first.
fn name(name: &X509Name<'_>) -> String {
    let attributes: Vec<(String, String)> = name
        .iter_attributes()
        .map(|attribute| (dotted(attribute.attr_type()), value(attribute.attr_value())))
        .collect();
    let mut parts = Vec::new();
    for (oid, short, all) in KNOWN {
        let values = attributes.iter().filter(|(known, _)| known == oid);
        let texts: Vec<String> = values.map(|(_, value)| format!("{short}={}", escaped(value))).collect();
        match texts.last() {
            Some(_) if *all => parts.push(texts.join("+")),
            Some(last) => parts.push(last.clone()),
            None => {}
        }
    }
    let unknown = attributes
        .iter()
        .rev()
        .filter(|(oid, _)| KNOWN.iter().all(|(known, ..)| known != oid));
    parts.extend(unknown.map(|(oid, value)| format!("{oid}={}", escaped(value))));
    parts.join(",")
}

fn dotted(oid: &Oid<'_>) -> String {
    oid.to_id_string()
}

/// A value as text; what is no text, as the hexadecimal of its DER.
fn value(value: &Any<'_>) -> String {
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        // Strictly another alphabet, but what everyone means by it is Latin 1.
        Tag::T61String => bytes.iter().copied().map(char::from).collect(),
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => format!("#{}", hex(&value.to_der_vec().unwrap_or_default())),
    }
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (at, character) in value.chars().enumerate() {
        let special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if special {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// Made with OpenSSL to have everything that is unusual in names; its serial number begins with a zero digit.
    const ODD: &str = "\
-----BEGIN CERTIFICATE-----
MIIChzCCAiygAwIBAgIDCgsMMAoGCCqGSM49BAMCMC0xCzAJBgNVBAYTAkRFMQ0w
CwYDVQQKDARSb290MQ8wDQYDVQQDDAZSb290IEEwHhcNMjYxMTIyMDg0ODU1WhcN
MzUwMjA4MDg0ODU1WjCB8zEUMBIGCSqGSIb3DQEJARYFYUBiLmMxDjAMBgNVBAMM
BWZpcnN0MQswCQYDVQQGEwJERTESMBAGA1UECAwJQmUgInJsaW4iMQ0wCwYDVQQH
DAQgeDt5MR8wCwYDVQQLDARVbml0MBAGA1UECgwJT3JnLCBJbmMuMQ4wDAYDVQQL
DAVVbml0MjELMAkGA1UEBRMCNzcxDjAMBgNVBAkMBVdheSAxMQwwCgYDVQQRDAMx
MjMxEzARBgNVBAMMCmzDpHN0w588PiMxFzAVBgoJkiaJk/IsZAEZFgdleGFtcGxl
MREwDwYKCZImiZPyLGQBAQwBdTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF5P
wivfEllu6OZ4O2Xqqcf9i58ZsJvaWQhTGQ39ybVealP8Nrig7BI+NRbxSBKDTD+5
SqDz4TGMfVtwTORJol+jdDByMDAGA1UdEQQpMCeCCWxvY2FsaG9zdIINKi5leGFt
cGxlLm9yZ4cEfwAAAYEFeEB5LnowHQYDVR0OBBYEFPc40+EISztJ4o4Ve1ifJBk6
ooIgMB8GA1UdIwQYMBaAFHrobyCVUSWiI5QcnzoKsHLDMAqVMAoGCCqGSM49BAMC
A0kAMEYCIQCDpY1ZKY7u/WFyw979JenptVfb+F4SYYfzreo2ZyhwnQIhAJfn49G3
1MkdFHINyPJ9yOMG19KzNvLg+qOA1gKWW1MA
-----END CERTIFICATE-----
";

    #[test]
    fn facts_are_written_as_upstream_writes_them() {
        let der = CertificateDer::from_pem_slice(ODD.as_bytes()).unwrap();
        let certificate = Certificate::parse(&der).unwrap();
        // What blackbox_exporter 0.28.0 says of it.
        let subject = "SERIALNUMBER=77,CN=lästß\\<\\>#,OU=Unit+OU=Unit2,O=Org\\, Inc.,POSTALCODE=123,STREET=Way 1,\
            L=\\ x\\;y,ST=Be \\\"rlin\\\",C=DE,0.9.2342.19200300.100.1.1=u,0.9.2342.19200300.100.1.25=example,\
            1.2.840.113549.1.9.1=a@b.c";
        assert_eq!(certificate.subject(), subject);
        assert_eq!(certificate.issuer(), "CN=Root A,O=Root,C=DE");
        assert_eq!(certificate.serial_number(), "0a0b0c");
        assert_eq!(certificate.dns_names(), ["localhost", "*.example.org"]);
        let fingerprint = "7bf242740c2924686a6c84919766d561734462448b29c5975f66fe6ddc936e71";
        assert_eq!(certificate.fingerprint(), fingerprint);
        assert_eq!(certificate.not_after(), 2_054_537_335);
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let der = CertificateDer::from_pem_slice(ODD.as_bytes()).unwrap();
        for end in 0..der.len() {
            assert!(Certificate::parse(&der[..end]).is_none(), "{end}");
        }
        assert!(Certificate::parse(&[&der[..], &[0]].concat()).is_none());
    }
}
