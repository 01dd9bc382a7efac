//! Upstream's node_exporter takes the same web configurations and keeps the same people out.

use crate::{
    running::{Running, free_address},
    secured::curl,
    site::{PASSWORD, Site, WAYS},
    tools,
};

#[test]
fn upstreams_exporter_answers_the_same() {
    let Some(program) = tools::find(&["prometheus-node-exporter", "node_exporter"]) else {
        return;
    };
    let site = Site::new();
    let ca = site.path("prometheus/ca.crt").display().to_string();
    let client = ["crt", "key"].map(|kind| site.path(&format!("prometheus/client.{kind}")).display().to_string());
    let user = format!("prometheus:{PASSWORD}");
    for way in WAYS {
        let address = free_address();
        let arguments = [
            format!("--web.listen-address={address}"),
            format!("--web.config.file={}", site.web_config(way).display()),
        ];
        let theirs = Running::start(&program, &arguments, &address, site.folder.path());
        let ours = site.exporter("node-exporter", way);
        for arguments in [
            &[][..],
            &["--cacert", &ca],
            &["--cacert", &ca, "--user", &user],
            &["--cacert", &ca, "--cert", &client[0], "--key", &client[1]],
        ] {
            let [theirs, ours] =
                [&theirs, &ours].map(|one| curl(&format!("https://{}/metrics", one.address()), arguments).0);
            assert_eq!(ours, theirs, "{way} {arguments:?}");
        }
    }
}
