//! What every prober finds out on its way: the target's address, and the facts of a TLS handshake.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use exposition::{Desc, Encoder};

use crate::certificate::Certificate;

/// Facts that are reported whatever becomes of the probe.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Found {
    /// How long it took to find the first address, or to find none; `None`: it was not looked for.
    pub(crate) lookup: Option<Duration>,
    /// The address that was taken first.
    pub(crate) address: Option<IpAddr>,
    /// The last address that was written with a zone, and the number of its interface.
    pub(crate) zone: Option<(Ipv6Addr, u32)>,
    /// What the last TLS handshake told; `None`: there was none.
    pub(crate) tls: Option<TlsFacts>,
}

/// What a TLS handshake told, even if it failed at the certificate.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TlsFacts {
    /// The version that was agreed on, as `TLS 1.3`; empty when it did not come so far.
    pub(crate) version: &'static str,
    /// The cipher suite that was agreed on, by its IANA name.
    pub(crate) cipher: String,
    /// The protocol that was agreed on (ALPN); empty for none.
    pub(crate) protocol: String,
    /// The certificates that the other side sent, in its order, as DER.
    pub(crate) chain: Vec<Vec<u8>>,
    /// The end of validity of the verified chain that ends last: the earliest of its certificates, in seconds since 1970.
    /// `None` where the chain was not verified, or failed to be.
    pub(crate) last_chain_expiry: Option<f64>,
}

const LOOKUP: Desc<'_> = Desc::gauge(
    "probe_dns_lookup_time_seconds",
    "Returns the time taken for probe dns lookup in seconds",
    &[],
);
const IP_PROTOCOL: Desc<'_> = Desc::gauge(
    "probe_ip_protocol",
    "Specifies whether probe ip protocol is IP4 or IP6",
    &[],
);
const IP_HASH: Desc<'_> = Desc::gauge(
    "probe_ip_addr_hash",
    "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
    &[],
);

const EARLIEST_EXPIRY: Desc<'_> = Desc::gauge(
    "probe_ssl_earliest_cert_expiry",
    "Returns last SSL chain expiry in unixtime",
    &[],
);
const LAST_CHAIN_EXPIRY: Desc<'_> = Desc::gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Returns last SSL chain expiry in timestamp",
    &[],
);
const LAST_CHAIN_INFO: Desc<'_> = Desc::gauge(
    "probe_ssl_last_chain_info",
    "Contains SSL leaf certificate information",
    &[
        "fingerprint_sha256",
        "issuer",
        "serialnumber",
        "subject",
        "subjectalternative",
    ],
);
const TLS_VERSION: Desc<'_> = Desc::gauge(
    "probe_tls_version_info",
    "Returns the TLS version used or NaN when unknown",
    &["version"],
);
const TLS_CIPHER: Desc<'_> = Desc::gauge(
    "probe_tls_cipher_info",
    "Returns the TLS cipher negotiated during handshake",
    &["cipher"],
);

/// What upstream says of a chain that nobody verified: Go's zero time, the beginning of the year 1.
const NEVER: f64 = -62_135_596_800.0;

/// Which facts of a handshake a prober reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsReport {
    /// All: http.
    Full,
    /// All but the cipher suite: tcp and unix.
    Stream,
    /// Certificates and version: grpc.
    Brief,
}

impl Found {
    /// Writes what was found. Upstream says 0 of an address that it looked for in vain.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        let Some(lookup) = self.lookup else {
            return;
        };
        out.scalar(&LOOKUP, lookup.as_secs_f64());
        let (protocol, hash) = match self.address {
            Some(address @ IpAddr::V4(_)) => (4.0, hash(address)),
            Some(address @ IpAddr::V6(_)) => (6.0, hash(address)),
            None => (0.0, 0),
        };
        out.scalar(&IP_PROTOCOL, protocol);
        out.scalar(&IP_HASH, f64::from(hash));
    }
}

impl TlsFacts {
    /// Writes what `report` wants of this. A handshake that failed at the certificate tells of the certificate only.
    pub(crate) fn encode(&self, out: &mut Encoder, report: TlsReport) {
        let certificates = self.chain.iter().filter_map(|der| Certificate::parse(der));
        if let Some(earliest) = certificates.map(|certificate| certificate.not_after()).min() {
            out.scalar(&EARLIEST_EXPIRY, earliest as f64);
        }
        let unverified = (!self.version.is_empty()).then_some(NEVER);
        if let Some(expiry) = self.last_chain_expiry.or(unverified)
            && report != TlsReport::Brief
        {
            out.scalar(&LAST_CHAIN_EXPIRY, expiry);
        }
        self.encode_leaf(out);
        if !self.version.is_empty() {
            out.family(&TLS_VERSION).sample(&[self.version], 1.0);
        }
        if !self.cipher.is_empty() && report == TlsReport::Full {
            out.family(&TLS_CIPHER).sample(&[&*self.cipher], 1.0);
        }
    }

    fn encode_leaf(&self, out: &mut Encoder) {
        let Some(leaf) = self.chain.first().and_then(|der| Certificate::parse(der)) else {
            return;
        };
        let labels = [
            &*leaf.fingerprint(),
            &leaf.issuer(),
            &leaf.serial_number(),
            &leaf.subject(),
            &leaf.dns_names().join(","),
        ];
        out.family(&LAST_CHAIN_INFO).sample(&labels, 1.0);
    }
}

/// FNV-1a in 32 bits over the address' four or sixteen bytes.
fn hash(address: IpAddr) -> u32 {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    match address {
        IpAddr::V4(v4) => v4.octets().iter().fold(0x811c_9dc5, step),
        IpAddr::V6(v6) => v6.octets().iter().fold(0x811c_9dc5, step),
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;

    fn written(write: impl FnOnce(&mut Encoder)) -> String {
        let (mut encoder, mut text) = (Encoder::new(Format::Text004), Vec::new());
        write(&mut encoder);
        assemble([&encoder], &mut text);
        let text = String::from_utf8(text).unwrap();
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    #[test]
    fn lookup_in_vain_is_reported_with_zeros() {
        let found = Found {
            lookup: Some(Duration::from_millis(1500)),
            ..Found::default()
        };
        let expected = "probe_dns_lookup_time_seconds 1.5\nprobe_ip_addr_hash 0\nprobe_ip_protocol 0\n";
        assert_eq!(written(|out| found.encode(out)), expected);
        assert_eq!(written(|out| Found::default().encode(out)), "");
    }

    #[test]
    fn each_prober_reports_its_facts_of_tls() {
        let agreed = TlsFacts {
            version: "TLS 1.3",
            cipher: "TLS_AES_128_GCM_SHA256".to_owned(),
            last_chain_expiry: Some(7.0),
            ..TlsFacts::default()
        };
        let unverified = TlsFacts {
            last_chain_expiry: None,
            ..agreed.clone()
        };
        let version = "probe_tls_version_info{version=\"TLS 1.3\"} 1\n";
        let cipher = "probe_tls_cipher_info{cipher=\"TLS_AES_128_GCM_SHA256\"} 1\n";
        let expiry = |value: &str| format!("probe_ssl_last_chain_expiry_timestamp_seconds {value}\n");
        for (facts, report, expected) in [
            (&agreed, TlsReport::Full, [&*expiry("7"), cipher, version].concat()),
            (&agreed, TlsReport::Stream, [&*expiry("7"), version].concat()),
            (&agreed, TlsReport::Brief, version.to_owned()),
            (
                &unverified,
                TlsReport::Stream,
                [&*expiry("-6.21355968e+10"), version].concat(),
            ),
            (&TlsFacts::default(), TlsReport::Full, String::new()),
        ] {
            assert_eq!(written(|out| facts.encode(out, report)), expected, "{report:?}");
        }
    }

    #[test]
    fn addresses_have_upstreams_hashes() {
        // What blackbox_exporter 0.28.0 answers for these targets.
        for (address, expected) in [
            ("127.0.0.1", 3_668_918_509),
            ("127.0.0.5", 3_601_808_033),
            ("192.0.2.1", 1_969_986_452),
            ("::1", 1_751_717_746),
            ("fe80::1", 3_766_760_168),
        ] {
            assert_eq!(hash(address.parse().unwrap()), expected, "{address}");
        }
    }
}
