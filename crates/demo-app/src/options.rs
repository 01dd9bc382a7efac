//! What the flags come to.

use std::net::{IpAddr, SocketAddr};

use exporter_toolkit::flags::Flags;
use rand::TryRng;
use rand::rngs::SysRng;

use crate::settings::Settings;

/// More users than these would make more series than any lesson needs.
const MOST_USERS: u32 = 10_000;

/// Everything that can be chosen on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How the simulation begins.
    pub(crate) settings: Settings,
    /// How many users there are.
    pub(crate) users: u32,
    pub(crate) seed: u64,
    /// Whether settings can be changed over HTTP.
    pub(crate) may_change: bool,
}

impl Options {
    /// Reads the flags.
    ///
    /// # Errors
    /// All that is wrong, each naming its flag.
    pub fn from_flags(flags: &Flags) -> Result<Self, Vec<String>> {
        let (mut settings, mut errors) = (Settings::default(), Vec::new());
        for name in Settings::NAMES {
            let flag = name.replace('_', "-");
            let switch = flags.switch(&flag).to_string();
            let value = if name == "user_id_label" {
                &switch
            } else {
                flags.value(&flag)
            };
            errors.extend(
                settings
                    .set(name, value)
                    .err()
                    .map(|error| format!("--{flag}: {error}")),
            );
        }
        let users = users(flags.value("users")).map_err(|error| errors.push(error));
        let seed = seed(flags.optional("seed")).map_err(|error| errors.push(error));
        match (users, seed) {
            (Ok(users), Ok(seed)) if errors.is_empty() => Ok(Self {
                settings,
                users,
                seed,
                may_change: flags.switch("admin.allow-remote") || is_local(flags),
            }),
            _ => Err(errors),
        }
    }
}

fn users(value: &str) -> Result<u32, String> {
    let users = value.parse().ok().filter(|users| (1..=MOST_USERS).contains(users));
    users.ok_or_else(|| format!("--users: {value:?} is no whole number from 1 to {MOST_USERS}"))
}

/// The seed that was given, or one that nobody knows.
fn seed(value: Option<&str>) -> Result<u64, String> {
    match value {
        Some(value) => value
            .parse()
            .map_err(|_| format!("--seed: {value:?} is no whole number")),
        None => SysRng
            .try_next_u64()
            .map_err(|error| format!("no random number from the system: {error}")),
    }
}

/// Whether only this machine can reach the server. What systemd listens on is not known.
fn is_local(flags: &Flags) -> bool {
    !flags.switch("web.systemd-socket")
        && flags
            .many("web.listen-address")
            .iter()
            .all(|address| is_loopback(address))
}

fn is_loopback(address: &str) -> bool {
    match address.parse::<SocketAddr>().map(|address| address.ip()) {
        Ok(IpAddr::V4(ip)) => ip.is_loopback(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback(),
        Err(_) => address.rsplit_once(':').is_some_and(|(host, _)| host == "localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{PROGRAM, flags};
    use exporter_toolkit::app;

    fn options(args: &[&str]) -> Result<Options, Vec<String>> {
        let table = app::flags(&PROGRAM, &flags());
        let args = args.iter().map(std::ffi::OsString::from);
        Options::from_flags(&Flags::parse("demo-app", "", [table.as_slice()], args).unwrap())
    }

    #[test]
    fn the_flags_defaults_are_the_settings_own() {
        let options = options(&["--seed=7"]).unwrap();
        let expected = Options {
            settings: Settings::default(),
            users: 1000,
            seed: 7,
            may_change: true,
        };
        assert_eq!(options, expected);
        assert!(self::options(&["--user-id-label"]).unwrap().settings.user_id_label);
    }

    #[test]
    fn without_a_seed_no_two_runs_are_alike() {
        assert_ne!(options(&[]).unwrap().seed, options(&[]).unwrap().seed);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_its_flag() {
        let errors = options(&["--latency-mean=fast", "--error-rate=2", "--users=0", "--seed=x"]);
        let expected = [
            r#"--latency-mean: "fast" is no duration from 0s to 10s, such as 50ms"#,
            r#"--error-rate: "2" is no number from 0 to 1"#,
            r#"--users: "0" is no whole number from 1 to 10000"#,
            r#"--seed: "x" is no whole number"#,
        ];
        assert_eq!(errors.unwrap_err(), expected);
    }

    #[test]
    fn settings_change_over_http_only_where_nobody_else_comes() {
        for (args, may_change) in [
            (&["--web.listen-address=127.0.0.1:1"][..], true),
            (
                &["--web.listen-address=[::1]:1", "--web.listen-address=localhost:1"],
                true,
            ),
            (&["--web.listen-address=127.0.0.1:1", "--web.listen-address=:1"], false),
            (&["--web.listen-address=0.0.0.0:1"], false),
            (&["--web.listen-address=10.0.0.1:1"], false),
            (&["--web.listen-address=localhost.example.org:1"], false),
            (&["--web.systemd-socket"], false),
            (&["--web.listen-address=:1", "--admin.allow-remote"], true),
        ] {
            assert_eq!(options(args).unwrap().may_change, may_change, "{args:?}");
        }
    }
}
