//! Lookups at a DNS server of the test's own.

use super::testing::serve;
use super::*;

fn names(hosts: &str) -> (tempfile::TempDir, Names) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts");
    std::fs::write(&path, hosts).unwrap();
    let names = Names::new(folder.path().join("resolv.conf"), path);
    (folder, names)
}

#[tokio::test]
async fn every_answer_means_something() {
    let (server, _) = serve().await;
    let (_folder, names) = names("");
    let v4 = |last: u8| IpAddr::from([127, 0, 0, last]);
    let v6: IpAddr = "::1".parse().unwrap();
    let failed = |what: &str| Err(Trouble::Server(format!("the DNS server {server} {what}")));
    for (name, wanted, expected) in [
        ("v4.test", Wanted::Both, Ok(vec![v4(1)])),
        ("v4.test", Wanted::V6, Err(Trouble::NoAddress)),
        ("v6.test.", Wanted::Both, Ok(vec![v6])),
        ("v6.test", Wanted::V4, Err(Trouble::NoAddress)),
        ("both.test", Wanted::Both, Ok(vec![v6, v4(1)])),
        ("both.test", Wanted::V4, Ok(vec![v4(1)])),
        ("none.test", Wanted::Both, Err(Trouble::NoAddress)),
        ("nx.test", Wanted::Both, Err(Trouble::NotFound)),
        ("large.test", Wanted::V4, Ok(vec![v4(9)])),
        ("forged.test", Wanted::V4, Ok(vec![v4(1)])),
        ("servfail.test", Wanted::Both, failed("failed (SERVFAIL)")),
        ("refused.test", Wanted::Both, failed("refused (REFUSED)")),
        (
            "lame.test",
            Wanted::Both,
            failed("neither knows the name nor asks others"),
        ),
        ("garbled.test", Wanted::V4, failed("sent an answer that is no DNS")),
        ("127.1", Wanted::Both, Err(Trouble::NotFound)),
        ("a..b", Wanted::Both, Err(Trouble::NotFound)),
        ("", Wanted::Both, Err(Trouble::NotFound)),
    ] {
        let found = names.addresses_from(&server.to_string(), name, wanted).await;
        assert_eq!(found, expected, "{name} {wanted:?}");
    }
}

#[tokio::test]
async fn silence_is_the_servers_failure() {
    let (server, asked) = serve().await;
    let (_folder, names) = names("");
    let wait = Duration::from_millis(20);
    let settings = Settings {
        timeout: wait,
        attempts: 2,
        ..Settings::of_server(server)
    };
    let found = names.ask_for("silent.test", Wanted::V4, &settings).await;
    let text = format!("the DNS server {server} did not answer within {wait:?}");
    assert_eq!(found, Err(Trouble::Server(text)));
    assert_eq!(*asked.lock().unwrap(), ["silent.test 1", "silent.test 1"]);
}

#[tokio::test]
async fn next_server_is_asked_when_one_fails() {
    let (server, asked) = serve().await;
    let (_folder, names) = names("");
    // Nobody listens at the first: the kernel says so at once.
    let settings = Settings {
        servers: vec![([127, 0, 0, 1], 1).into(), server],
        ..Settings::default()
    };
    let found = names.ask_for("v4.test", Wanted::V4, &settings).await;
    assert_eq!(found, Ok(vec![[127, 0, 0, 1].into()]));
    assert_eq!(*asked.lock().unwrap(), ["v4.test 1"]);
}

#[tokio::test]
async fn endings_are_searched_until_one_is_known() {
    let (server, asked) = serve().await;
    let (_folder, names) = names("");
    let settings = Settings {
        search: vec!["test".to_owned(), "other".to_owned()],
        ..Settings::of_server(server)
    };
    let found = names.ask_for("v4", Wanted::V4, &settings).await;
    assert_eq!(found, Ok(vec![[127, 0, 0, 1].into()]));
    let found = names.ask_for("nx.name", Wanted::V4, &settings).await;
    assert_eq!(found, Err(Trouble::NotFound));
    let expected = ["v4.test 1", "nx.name 1", "nx.name.test 1", "nx.name.other 1"];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn hosts_file_comes_first() {
    let (_folder, names) = names("192.0.2.9 db.test\n192.0.2.10 db.test\n");
    let found = names.addresses("DB.test", Wanted::V4).await;
    assert_eq!(found, Ok(vec![[192, 0, 2, 9].into(), [192, 0, 2, 10].into()]));
    assert_eq!(names.addresses("db.test", Wanted::V6).await, Err(Trouble::NoAddress));
}

#[test]
fn server_may_have_a_port() {
    for (server, expected) in [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("dns.example", ("dns.example", 53)),
        ("dns.example:54", ("dns.example", 54)),
    ] {
        assert_eq!(host_and_port(server), expected, "{server}");
    }
}
