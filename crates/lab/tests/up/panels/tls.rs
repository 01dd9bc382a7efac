//! A server whose certificate nobody trusts: its probes fail, and tell of the certificate all the same.

use std::{net::TcpListener, sync::Arc, thread};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// On this port; it goes with the test.
pub(super) fn untrusted_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let config = Arc::new(config());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a server's configuration");
            let mut tls = StreamOwned::new(connection, stream);
            // The client says that it does not trust, and goes.
            while tls.conn.is_handshaking() && tls.conn.complete_io(&mut tls.sock).is_ok() {}
        }
    });
    port
}

fn config() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has all of them")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("the key is the certificate's")
}
