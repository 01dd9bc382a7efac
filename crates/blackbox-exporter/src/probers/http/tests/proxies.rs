//! The ways through proxies.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Server, ask, header, ok, on_a_worker, read_request, say};
use crate::failure::{Reason, Step};

#[test]
fn a_proxy_gets_the_whole_address_or_is_asked_for_a_tunnel() {
    on_a_worker(async {
        let proxy = Server::start(|path| match path {
            "nowhere.invalid:443" => say("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
            _ => ok("through"),
        })
        .await;
        let keys = format!(
            "skip_resolve_phase_with_proxy: true, proxy_url: \"http://u:p@{}\", proxy_connect_header: {{X-P: [h]}}",
            proxy.address
        );
        let outcome = ask(&keys, "http://nowhere.invalid/x").await;
        assert_eq!(
            (outcome.failure, outcome.facts()),
            (None, [200., 7., 7., 0., 0.]),
            "{}",
            outcome.log
        );
        assert!(
            !outcome
                .metrics
                .keys()
                .any(|name| name.contains("resolve") || name.contains("probe_ip"))
        );
        let outcome = ask(&keys, "https://nowhere.invalid/x").await;
        assert_eq!(
            outcome.failure,
            Some((Step::Proxy, Reason::ProxyRefused)),
            "{}",
            outcome.log
        );
        let requests = proxy.requests();
        let [plain, tunnel] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert!(
            plain.starts_with("GET http://nowhere.invalid/x HTTP/1.1\r\n"),
            "{plain}"
        );
        assert!(
            tunnel.starts_with("CONNECT nowhere.invalid:443 HTTP/1.1\r\n"),
            "{tunnel}"
        );
        assert_eq!(header(plain, "Host"), ["nowhere.invalid"]);
        for request in [plain, tunnel] {
            assert_eq!(header(request, "Proxy-Authorization"), ["Basic dTpw"], "{request}");
        }
        assert_eq!((header(plain, "X-P").len(), header(tunnel, "X-P")), (0, vec!["h"]));
        assert!(!outcome.log.contains("dTpw") && !outcome.log.contains(":p@"));
    });
}

#[test]
fn a_socks_proxy_is_spoken_to() {
    on_a_worker(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let talk = tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut heard = vec![0; 4];
            stream.read_exact(&mut heard).await.expect("methods");
            stream.write_all(&[5, 2]).await.expect("it is taken");
            let mut login = vec![0; 5];
            stream.read_exact(&mut login).await.expect("a login");
            stream.write_all(&[1, 0]).await.expect("it is taken");
            let mut request = vec![0; 22];
            stream.read_exact(&mut request).await.expect("a request");
            stream
                .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
                .await
                .expect("it is taken");
            drop(read_request(&mut stream).await);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await
                .expect("it is taken");
            (heard, login, request)
        });
        let keys = format!("skip_resolve_phase_with_proxy: true, proxy_url: \"socks5://u:p@{address}\"");
        let outcome = ask(&keys, "http://nowhere.invalid/").await;
        assert_eq!(outcome.failure, None, "{}", outcome.log);
        let (heard, login, request) = talk.await.expect("it ends");
        assert_eq!((heard, login), (vec![5, 2, 0, 2], vec![1, 1, b'u', 1, b'p']));
        assert_eq!(request, [&[5, 1, 0, 3, 15][..], b"nowhere.invalid", &[0, 80]].concat());
    });
}
