//! What the flags come to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exporter_toolkit::flags::Flags;
use exporter_toolkit::go_duration;
use exporter_toolkit::go_regex::{self, Expression};
use exporter_toolkit::web_config::{Given, GivenUser};

use crate::connection::TlsFiles;
use crate::key_options::KeyOptions;
use crate::target::{Credentials, Target};

/// Everything that can be chosen.
#[derive(Clone)]
pub struct Settings {
    /// What the telemetry path shows; `None`: nothing but what the exporter counts.
    pub(crate) target: Option<Target>,
    /// Who asks where the address does not say it.
    pub(crate) credentials: Credentials,
    /// Passwords by address.
    pub(crate) password_file: Option<PathBuf>,
    /// What the names of all metrics begin with.
    pub(crate) namespace: String,
    /// For connecting, and for each exchange.
    pub(crate) connection_timeout: Duration,
    /// TLS towards targets.
    pub(crate) tls: TlsFiles,
    /// TLS and a user towards scrapers.
    pub(crate) web: Option<Given>,
    /// Whether metrics of the exporter itself are left out.
    pub(crate) redis_only: bool,
    /// Whether `/scrape` is left out.
    pub(crate) without_scrape_endpoint: bool,
    /// Whether the target is a cluster.
    pub(crate) is_cluster: bool,
    /// Paths of Lua scripts, separated by commas.
    pub(crate) scripts: String,
    /// Whether nodes of a cluster are called by their names, where they have some.
    pub(crate) cluster_hostnames: bool,
    /// What to ask targets for.
    pub(crate) options: Options,
}

/// What to ask a target for. A request may choose some of it otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What CONFIG is called; `None`: not to be asked.
    pub(crate) config_command: Option<String>,
    /// Whether to introduce ourselves.
    pub(crate) set_client_name: bool,
    /// Whether to time a PING.
    pub(crate) ping: bool,
    /// Whether all samples have the label `instance_role`.
    pub(crate) role_label: bool,
    /// Whether all of the configuration becomes metrics.
    pub(crate) config_metrics: bool,
    /// Whether its secrets are left out of them.
    pub(crate) redact_config: bool,
    /// Whether LATENCY is asked for.
    pub(crate) latency: bool,
    /// Whether databases without keys are shown.
    pub(crate) empty_databases: bool,
    /// Whether the host's memory is shown.
    pub(crate) system_metrics: bool,
    /// Which keys to look at.
    pub(crate) keys: Arc<KeyOptions>,
    /// Whether scripts must not write.
    pub(crate) scripts_read_only: bool,
    /// Whether clients are shown.
    pub(crate) client_list: bool,
    /// Whether with their ports.
    pub(crate) client_port: bool,
    /// Whether modules are asked for.
    pub(crate) modules: bool,
    /// The search indexes to ask for.
    pub(crate) search_indexes: Option<Expression>,
    /// Whether each of the other sentinels is shown.
    pub(crate) sentinel_peers: bool,
    /// Whether the target is Tile38.
    pub(crate) tile38: bool,
    /// Whether to look at the size of the target's dump.
    pub(crate) rdb_file: bool,
}

impl Settings {
    /// Reads the flags.
    ///
    /// # Errors
    /// All that is wrong, each naming its flag.
    pub fn from_flags(flags: &Flags) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let target = target(flags, &mut errors);
        let connection_timeout = timeout(flags, &mut errors);
        let tls = tls_files(flags, &mut errors);
        let web = web(flags, &mut errors);
        let namespace = namespace(flags, &mut errors);
        let options = Options::from_flags(flags, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            target,
            credentials: Credentials {
                user: given(flags, "redis.user"),
                password: given(flags, "redis.password"),
            },
            // As upstream has it, the file is for those who give no password.
            password_file: given(flags, "redis.password-file")
                .filter(|_| flags.value("redis.password").is_empty())
                .map(PathBuf::from),
            namespace,
            connection_timeout,
            tls,
            web,
            redis_only: flags.switch("redis-only-metrics"),
            without_scrape_endpoint: flags.switch("disable-scrape-endpoint"),
            is_cluster: flags.switch("is-cluster"),
            scripts: flags.value("script").to_owned(),
            cluster_hostnames: flags.switch("cluster-discover-hostnames"),
            options,
        })
    }
}

impl Options {
    fn from_flags(flags: &Flags, errors: &mut Vec<String>) -> Self {
        let command = flags.value("config-command");
        Self {
            config_command: match command {
                "-" => None,
                "" => Some("CONFIG".to_owned()),
                command => Some(command.to_owned()),
            },
            set_client_name: flags.switch("set-client-name"),
            ping: flags.switch("ping-on-connect"),
            role_label: flags.switch("append-instance-role-label"),
            config_metrics: flags.switch("include-config-metrics"),
            redact_config: flags.switch("redact-config-metrics"),
            latency: !flags.switch("exclude-latency-histogram-metrics"),
            empty_databases: flags.switch("include-metrics-for-empty-databases"),
            system_metrics: flags.switch("include-system-metrics"),
            keys: Arc::new(KeyOptions::from_flags(flags, errors)),
            scripts_read_only: flags.switch("lua-script-read-only"),
            client_list: flags.switch("export-client-list"),
            client_port: flags.switch("export-client-port"),
            modules: flags.switch("include-modules-metrics"),
            search_indexes: search_indexes(flags, errors),
            sentinel_peers: flags.switch("include-sentinel-peer-info"),
            tile38: flags.switch("is-tile38"),
            rdb_file: flags.switch("include-rdb-file-size-metric"),
        }
    }
}

fn given(flags: &Flags, name: &str) -> Option<String> {
    Some(flags.value(name).to_owned()).filter(|value| !value.is_empty())
}

fn target(flags: &Flags, errors: &mut Vec<String>) -> Option<Target> {
    let address = given(flags, "redis.addr")?;
    match Target::parse(&address) {
        Ok(target) => Some(target),
        Err(failure) => {
            errors.push(format!("--redis.addr: {failure}"));
            None
        }
    }
}

fn timeout(flags: &Flags, errors: &mut Vec<String>) -> Duration {
    let value = flags.value("connection-timeout");
    match go_duration::parse(value) {
        Some(timeout) if !timeout.is_zero() => timeout,
        _ => {
            errors.push(format!(
                "--connection-timeout: {value:?} is no time to wait, such as 15s or 500ms"
            ));
            Duration::ZERO
        }
    }
}

fn tls_files(flags: &Flags, errors: &mut Vec<String>) -> TlsFiles {
    let path = |name| given(flags, name).map(PathBuf::from);
    let identity = match (path("tls-client-cert-file"), path("tls-client-key-file")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => {
            errors.push("--tls-client-cert-file, --tls-client-key-file: one is of no use without the other".to_owned());
            None
        }
    };
    TlsFiles {
        ca: path("tls-ca-cert-file"),
        identity,
        skip_verification: flags.switch("skip-tls-verification"),
    }
}

/// What upstream's flags say of TLS and a password towards scrapers.
fn web(flags: &Flags, errors: &mut Vec<String>) -> Option<Given> {
    let given = Given {
        identity: server_identity(flags, errors),
        client_ca_file: given(flags, "tls-server-ca-cert-file"),
        min_version: min_version(flags, errors),
        user: user(flags, errors),
    };
    (given.identity.is_some() || given.user.is_some()).then_some(given)
}

fn server_identity(flags: &Flags, errors: &mut Vec<String>) -> Option<(String, String)> {
    match (
        given(flags, "tls-server-cert-file"),
        given(flags, "tls-server-key-file"),
    ) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => {
            errors.push("--tls-server-cert-file, --tls-server-key-file: one is of no use without the other".to_owned());
            None
        }
    }
}

/// `TLS1.2` as the web configuration calls it.
fn min_version(flags: &Flags, errors: &mut Vec<String>) -> Option<String> {
    let version = flags.value("tls-server-min-version");
    if !["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"].contains(&version) {
        errors.push(format!(
            "--tls-server-min-version: {version:?} is none of TLS1.2, TLS1.3"
        ));
    }
    Some(version.replace('.', ""))
}

fn user(flags: &Flags, errors: &mut Vec<String>) -> Option<GivenUser> {
    let (password, hash) = (
        given(flags, "basic-auth-password"),
        given(flags, "basic-auth-hash-password"),
    );
    let user = match (given(flags, "basic-auth-username"), password, hash) {
        (_, None, None) | (None, ..) => return None,
        (_, Some(_), Some(_)) => Err("and --basic-auth-hash-password: only one can be the password".to_owned()),
        (Some(name), Some(password), None) => GivenUser::with_password(&name, &password),
        (Some(name), None, Some(hash)) => Ok(GivenUser::with_hash(&name, &hash)),
    };
    user.map_err(|error| errors.push(format!("--basic-auth-password: {error}")))
        .ok()
}

fn namespace(flags: &Flags, errors: &mut Vec<String>) -> String {
    let namespace = flags.value("namespace");
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    if !namespace.bytes().all(is_name) || namespace.starts_with(|c: char| c.is_ascii_digit()) {
        errors.push(format!("--namespace: {namespace:?} cannot begin the name of a metric"));
    }
    namespace.to_owned()
}

/// The expression is looked at only where it is used.
fn search_indexes(flags: &Flags, errors: &mut Vec<String>) -> Option<Expression> {
    if !flags.switch("include-search-indexes-metrics") {
        return None;
    }
    let expression = go_regex::parse(flags.value("check-search-indexes"));
    expression
        .map_err(|error| errors.push(format!("--check-search-indexes: {error}")))
        .ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::ffi::OsString;

    /// What these flags come to.
    pub(crate) fn settings(args: &[&str]) -> Result<Settings, Vec<String>> {
        let table = crate::flags();
        let flags = Flags::parse("x", "About.", [table.as_slice()], args.iter().map(OsString::from)).unwrap();
        Settings::from_flags(&flags)
    }

    #[test]
    fn all_that_is_wrong_comes_together_and_shows_no_password() {
        let args = [
            "--redis.addr=http://u:hunter2@x",
            "--connection-timeout=5",
            "--tls-client-key-file=/key",
            "--namespace=a-b",
            "--include-search-indexes-metrics",
            "--check-search-indexes=(",
        ];
        let errors = settings(&args).err().unwrap();
        let flags = [
            "redis.addr",
            "connection-timeout",
            "tls-client-cert-file",
            "namespace",
            "check-search-indexes",
        ];
        assert_eq!(errors.len(), flags.len(), "{errors:?}");
        for (error, flag) in errors.iter().zip(flags) {
            assert!(error.starts_with(&format!("--{flag}")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn config_can_be_called_otherwise_or_not_at_all() {
        for (arg, command) in [
            ("--config-command=", Some("CONFIG")),
            ("--config-command=-", None),
            ("--config-command=c0nf", Some("c0nf")),
        ] {
            let options = settings(&[arg]).ok().unwrap().options;
            assert_eq!(options.config_command.as_deref(), command);
        }
    }

    #[test]
    fn without_an_address_there_is_no_target_and_a_password_makes_the_file_idle() {
        let settings = settings(&["--redis.addr=", "--redis.password=x", "--redis.password-file=/f"]);
        let settings = settings.ok().unwrap();
        assert_eq!((settings.target, settings.password_file), (None, None));
    }
}
