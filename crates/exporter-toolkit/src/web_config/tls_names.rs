//! Go's names for TLS versions, cipher suites and curves, and what rustls has for them.

use rustls::crypto::{SupportedKxGroup, ring};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion, version};

use super::error::Findings;

/// The cipher suites of Go that rustls lacks on purpose: CBC modes, and key exchange without forward secrecy.
const SUITES_OF_GO_ONLY: &[&str] = &[
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
];

const VERSIONS: [&str; 4] = ["TLS10", "TLS11", "TLS12", "TLS13"];

/// The protocol versions from `min` to `max`, none when there was a problem.
pub(super) fn versions(
    min: Option<&str>,
    max: Option<&str>,
    findings: &mut Findings,
) -> Vec<&'static SupportedProtocolVersion> {
    let min = version_index("min_version", min.unwrap_or("TLS12"), findings);
    let max = version_index("max_version", max.unwrap_or("TLS13"), findings);
    let (Some(min), Some(max)) = (min, max) else {
        return vec![];
    };
    if max < 2 {
        let text = "tls_server_config.max_version: no TLS version below TLS12 is offered (allowed: TLS12, TLS13)";
        findings.problem(text);
    } else if min > max {
        findings.problem("tls_server_config: min_version is above max_version");
    } else if min < 2 {
        let asked = VERSIONS.get(min).copied().unwrap_or_default();
        findings.warning(format!(
            "tls_server_config.min_version: {asked} is not offered, TLS12 is the lowest"
        ));
    }
    let known = [(2, &version::TLS12), (3, &version::TLS13)];
    let wanted = known.into_iter().filter(|(index, _)| (min..=max).contains(index));
    wanted.map(|(_, version)| version).collect()
}

fn version_index(key: &str, name: &str, findings: &mut Findings) -> Option<usize> {
    let index = VERSIONS.iter().position(|known| *known == name);
    if index.is_none() {
        let allowed = VERSIONS.join(", ");
        findings.problem(format!(
            "tls_server_config.{key}: unknown TLS version: {name} (allowed: {allowed})"
        ));
    }
    index
}

/// The suites that are named, in that order, and all of TLS 1.3, whose suites Go does not let anyone choose.
pub(super) fn cipher_suites(names: &[String], findings: &mut Findings) -> Vec<SupportedCipherSuite> {
    if names.is_empty() {
        return ring::ALL_CIPHER_SUITES.to_vec();
    }
    let problems = findings.problems.len();
    let named: Vec<_> = names.iter().filter_map(|name| cipher_suite(name, findings)).collect();
    if named.is_empty() && findings.problems.len() == problems {
        let text = "none of the named suites is offered (for TLS 1.2 there are the ECDHE suites with GCM or ChaCha20)";
        findings.problem(format!("tls_server_config.cipher_suites: {text}"));
    }
    let of_1_3 = ring::ALL_CIPHER_SUITES
        .iter()
        .copied()
        .filter(|suite| suite.tls13().is_some());
    let of_1_2 = named.into_iter().filter(|suite| suite.tls13().is_none());
    of_1_3.chain(of_1_2).collect()
}

fn cipher_suite(name: &str, findings: &mut Findings) -> Option<SupportedCipherSuite> {
    let found = ring::ALL_CIPHER_SUITES.iter().find(|suite| go_name(suite) == name);
    if SUITES_OF_GO_ONLY.contains(&name) {
        findings.warning(format!(
            "tls_server_config.cipher_suites: {name} is not offered and left out"
        ));
    } else if found.is_none() {
        let allowed: Vec<_> = ring::ALL_CIPHER_SUITES.iter().map(go_name).collect();
        let allowed = allowed.join(", ");
        findings.problem(format!(
            "tls_server_config.cipher_suites: unknown cipher: {name} (allowed: {allowed})"
        ));
    }
    found.copied()
}

fn go_name(suite: &SupportedCipherSuite) -> String {
    let name = suite.suite().as_str().unwrap_or_default();
    name.replacen("TLS13_", "TLS_", 1)
}

/// The curves that are named, in that order; all that there are when none is.
pub(super) fn curves(names: &[String], findings: &mut Findings) -> Vec<&'static dyn SupportedKxGroup> {
    if names.is_empty() {
        return ring::ALL_KX_GROUPS.to_vec();
    }
    let problems = findings.problems.len();
    let named: Vec<_> = names.iter().filter_map(|name| curve(name, findings)).collect();
    if named.is_empty() && findings.problems.len() == problems {
        let text = "none of the named curves is offered (allowed: X25519, CurveP256, CurveP384)";
        findings.problem(format!("tls_server_config.curve_preferences: {text}"));
    }
    named
}

fn curve(name: &str, findings: &mut Findings) -> Option<&'static dyn SupportedKxGroup> {
    match name {
        "X25519" => return Some(ring::kx_group::X25519),
        "CurveP256" => return Some(ring::kx_group::SECP256R1),
        "CurveP384" => return Some(ring::kx_group::SECP384R1),
        "CurveP521" => findings.warning("tls_server_config.curve_preferences: CurveP521 is not offered and left out"),
        _ => {
            let allowed = "X25519, CurveP256, CurveP384";
            findings.problem(format!(
                "tls_server_config.curve_preferences: unknown curve: {name} (allowed: {allowed})"
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn versions_are_bounds() {
        for (min, max, expected) in [
            (None, None, vec![&version::TLS12, &version::TLS13]),
            (Some("TLS13"), None, vec![&version::TLS13]),
            (None, Some("TLS12"), vec![&version::TLS12]),
            (Some("TLS10"), None, vec![&version::TLS12, &version::TLS13]),
        ] {
            let mut findings = Findings::default();
            assert_eq!(versions(min, max, &mut findings), expected, "{min:?} {max:?}");
            assert_eq!(findings.warnings.len(), usize::from(min == Some("TLS10")));
            assert!(findings.problems.is_empty());
        }
    }

    #[test]
    fn every_suite_of_rustls_has_its_name_in_go() {
        let mut findings = Findings::default();
        let all: Vec<_> = ring::ALL_CIPHER_SUITES.iter().map(go_name).collect();
        assert_eq!(cipher_suites(&all, &mut findings), ring::ALL_CIPHER_SUITES);
        assert!(all.contains(&"TLS_AES_128_GCM_SHA256".to_owned()));
        assert!(all.contains(&"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256".to_owned()));
        assert!(findings.problems.is_empty() && findings.warnings.is_empty());
    }

    #[test]
    fn what_rustls_lacks_is_left_out_with_a_warning() {
        let mut findings = Findings::default();
        let asked = names(&["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
        let suites = cipher_suites(&asked, &mut findings);
        let of_1_2: Vec<_> = suites
            .iter()
            .filter(|suite| suite.tls13().is_none())
            .map(go_name)
            .collect();
        assert_eq!(of_1_2, ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
        assert_eq!(curves(&names(&["CurveP521", "CurveP384"]), &mut findings).len(), 1);
        assert_eq!(findings.warnings.len(), 2, "{findings:?}");
        assert!(findings.problems.is_empty(), "{findings:?}");
    }
}
