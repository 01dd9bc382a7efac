//! The web site over TLS: with good certificates and with bad ones, in all versions.

use std::sync::Arc;

use rcgen::date_time_ymd;
use rustls::{ServerConfig, version};
use tokio_rustls::TlsAcceptor;

use super::Start;
use super::http::serve_site;
use super::identity::{Identity, authority_params, params, params_for};

impl Start<'_> {
    pub(super) async fn tls(&mut self) {
        let authority = Identity::own(authority_params("authority"));
        let good = authority.signs(params("good"));
        self.file("ca.pem", authority.cert.pem().as_bytes());
        self.client(&authority);
        self.sites(&authority, &good).await;
        self.bad_sites(&authority).await;
        self.talking_tls(&good).await;
        self.dns_over_tls(good.server(&[])).await;
        self.grpc_over_tls(with_h2(good.server(&[]))).await;
    }

    fn client(&mut self, authority: &Identity) {
        let client = authority.signs(params("client"));
        self.file("client.pem", client.cert.pem().as_bytes());
        self.file("client.key", client.key.serialize_pem().as_bytes());
    }

    async fn sites(&mut self, authority: &Identity, good: &Identity) {
        let intermediate = authority.signs(authority_params("intermediate"));
        let below = intermediate.signs(params("below"));
        let mut ends_first = authority_params("ends first");
        ends_first.not_after = date_time_ymd(2035, 1, 1);
        let ends_first = authority.signs(ends_first);
        let below_first = ends_first.signs(params("below"));
        for (name, config) in [
            ("https", good.server(&[])),
            ("h2", with_h2(good.server(&[]))),
            ("tls12", good.server_of(&[], &[&version::TLS12], None)),
            ("tls13", good.server_of(&[], &[&version::TLS13], None)),
            ("chain", below.server(&[&intermediate])),
            ("chain_that_ends", below_first.server(&[&ends_first])),
            ("chain_with_root", below.server(&[&intermediate, authority])),
            ("incomplete_chain", below.server(&[])),
            ("clients", good.server_of(&[], &[&version::TLS12], Some(authority))),
            ("clients13", good.server_of(&[], &[&version::TLS13], Some(authority))),
        ] {
            self.tls_site(name, config).await;
        }
    }

    async fn bad_sites(&mut self, authority: &Identity) {
        let mut expired = params("expired");
        expired.not_after = date_time_ymd(2021, 1, 1);
        let mut early = params("early");
        early.not_before = date_time_ymd(2045, 1, 1);
        let own = Identity::own(params("own"));
        let elsewhere = authority.signs(params_for("elsewhere", &["elsewhere.test"]));
        // About 100 KiB, none of which leads to the authority.
        let names: Vec<String> = (0..40)
            .map(|number| format!("name-{number}.of.a.long.chain.test"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let long: Vec<Identity> = (0..60).map(|_| Identity::own(params_for("link", &names))).collect();
        let long: Vec<&Identity> = long.iter().collect();
        for (name, config) in [
            ("expired", authority.signs(expired).server(&[])),
            ("early", authority.signs(early).server(&[])),
            ("self_signed", own.server(&[])),
            ("wrong_name", elsewhere.server(&[])),
            ("huge_chain", own.server(&long)),
        ] {
            self.tls_site(name, config).await;
        }
    }

    async fn tls_site(&mut self, name: &str, config: ServerConfig) {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        self.serve(name, move |stream| {
            let acceptor = acceptor.clone();
            async move {
                // Probes that do not like the certificate go away.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve_site(stream).await;
                }
            }
        })
        .await;
    }
}

fn with_h2(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
