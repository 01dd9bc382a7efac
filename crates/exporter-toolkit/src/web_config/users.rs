//! Users with bcrypt hashes of their passwords, and the memory of passwords that were already checked.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use bcrypt::HashParts;
use rustls::crypto::ring;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::tls13::OkmBlock;

use super::basic::Credentials;
use super::error::Findings;
use super::file::Secret;

/// Verdicts that are remembered.
const MOST_REMEMBERED: usize = 100;

/// Salt and digest of a hash that no known password has.
const DUMMY_REST: &str = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/// Who may come in. Nobody is asked when there are no users.
pub(super) struct Users {
    hashes: BTreeMap<String, Secret>,
    dummy: Secret,
    key: OkmBlock,
    verdicts: Mutex<HashMap<Digest, bool>>,
}

/// A password that was tried for a user, under a key that only this process knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

/// What it takes to judge credentials.
pub(super) struct Trial {
    /// The user's hash, or one that takes as long, so that time does not tell who is a user.
    pub(super) hash: Secret,
    /// Whether there is such a user.
    pub(super) known: bool,
    /// Under which the verdict is remembered.
    pub(super) digest: Digest,
}

impl Users {
    /// Checks the hashes; those that are none are problems.
    pub(super) fn check(section: Option<&BTreeMap<String, Option<Secret>>>, findings: &mut Findings) -> Self {
        let mut hashes = BTreeMap::new();
        let mut highest_cost = 0;
        for (user, hash) in section.into_iter().flatten() {
            let hash = hash.clone().unwrap_or_default();
            match cost(&hash.0) {
                Ok(cost) => highest_cost = highest_cost.max(cost),
                Err(why) => findings.problem(format!("basic_auth_users: the hash of {user:?} is of no use: {why}")),
            }
            hashes.insert(user.clone(), hash);
        }
        let mut key = [0; 32];
        if ring::default_provider().secure_random.fill(&mut key).is_err() {
            findings.problem("basic_auth_users: the system has no random numbers");
        }
        Self {
            hashes,
            dummy: Secret(format!("$2y${highest_cost:02}${DUMMY_REST}")),
            key: OkmBlock::new(&key),
            verdicts: Mutex::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether these are the same users with the same hashes.
    pub(super) fn are_those_of(&self, other: &Self) -> bool {
        self.hashes == other.hashes
    }

    /// What to check the credentials against.
    pub(super) fn trial(&self, credentials: &Credentials) -> Trial {
        let user = std::str::from_utf8(&credentials.user).ok();
        let found = user.and_then(|user| self.hashes.get(user));
        let hash = found.unwrap_or(&self.dummy).clone();
        Trial {
            digest: self.digest([&credentials.user, hash.0.as_bytes(), &credentials.password]),
            known: found.is_some(),
            hash,
        }
    }

    /// The verdict that was remembered.
    pub(super) fn remembered(&self, digest: Digest) -> Option<bool> {
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.get(&digest).copied()
    }

    /// Remembers a verdict. Wrong passwords never push out right ones, or a flood of them would make every scrape slow.
    pub(super) fn remember(&self, digest: Digest, right: bool) {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() >= MOST_REMEMBERED {
            let wrong = verdicts.iter().find(|(_, right)| !**right).map(|(digest, _)| *digest);
            let any = verdicts.keys().next().copied().filter(|_| right);
            let Some(leaves) = wrong.or(any) else { return };
            verdicts.remove(&leaves);
        }
        verdicts.insert(digest, right);
    }

    /// HMAC-SHA-256 over the fields, each after its length: joined without, different fields could give the same text
    /// (CVE-2022-46146).
    fn digest(&self, fields: [&[u8]; 3]) -> Digest {
        let mut message = Vec::new();
        for field in fields {
            message.extend_from_slice(&(field.len() as u64).to_be_bytes());
            message.extend_from_slice(field);
        }
        let suite = TLS13_AES_128_GCM_SHA256.tls13().expect("it is a suite of TLS 1.3");
        let tag = suite.hkdf_provider.hmac_sign(&self.key, &message);
        Digest(tag.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// Whether `password` has that hash. As in Go, only its first 72 bytes count. Takes as long as the hash's cost says.
pub(super) fn verify(password: &[u8], hash: &str) -> bool {
    bcrypt::verify(password, hash).unwrap_or(false)
}

/// The cost of a hash, which is also what shows that it is one.
fn cost(hash: &str) -> Result<u32, String> {
    let expected = "a bcrypt hash has 60 characters and starts with $2a$, $2b$ or $2y$";
    let parts = HashParts::from_str(hash).map_err(|_| expected.to_owned())?;
    if hash.starts_with("$2x$") {
        return Err(expected.to_owned());
    }
    match parts.get_cost() {
        cost @ 4..=31 => Ok(cost),
        cost => Err(format!("its cost is {cost}, allowed are 4 to 31")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(pairs: &[(&str, &str)]) -> (Users, Findings) {
        let section = pairs
            .iter()
            .map(|(user, hash)| (user.to_string(), Some(Secret(hash.to_string()))));
        let mut findings = Findings::default();
        let users = Users::check(Some(&section.collect()), &mut findings);
        (users, findings)
    }

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials {
            user: user.as_bytes().to_vec(),
            password: password.as_bytes().to_vec(),
        }
    }

    #[test]
    fn all_three_marks_are_hashes_of_the_same_password() {
        let hash = bcrypt::hash("hunter2", 4).unwrap();
        for mark in ["$2a$", "$2b$", "$2y$"] {
            let hash = hash.replacen("$2b$", mark, 1);
            assert!(users(&[("a", &hash)]).1.problems.is_empty());
            assert!(verify(b"hunter2", &hash) && !verify(b"hunter3", &hash), "{mark}");
        }
    }

    #[test]
    fn a_bad_hash_names_the_user_and_stays_hidden() {
        let good = bcrypt::hash("x", 4).unwrap();
        let bad = [
            String::new(),
            "hunter2".to_owned(),
            good.replacen("$2b$", "$2x$", 1),
            good.replacen("$04$", "$03$", 1),
            good.replacen("$04$", "$32$", 1),
            format!("{good}a"),
            "ä".repeat(30),
        ];
        for hash in &bad {
            let findings = users(&[("alice", hash)]).1;
            let [problem] = &findings.problems[..] else {
                panic!("{hash}: {findings:?}")
            };
            assert!(problem.contains("\"alice\"") && (hash.is_empty() || !problem.contains(hash.as_str())));
        }
    }

    #[test]
    fn passwords_of_any_length_and_bytes_do_no_harm() {
        let long = [b'a'; 100];
        let hash = bcrypt::hash(&long[..72], 4).unwrap();
        assert!(verify(&long, &hash), "bytes after the 72nd do not count, as in Go");
        assert!(!verify(&long[..71], &hash));
        for password in [&b""[..], b"\0", b"\xff\xfe", &[0; 1000]] {
            assert!(!verify(password, &hash));
        }
        assert!(!verify(b"x", "no hash"));
    }

    #[test]
    fn an_unknown_user_costs_as_much_as_the_costliest_known_one() {
        let hashes = [bcrypt::hash("x", 4).unwrap(), bcrypt::hash("x", 6).unwrap()];
        let (users, _) = users(&[("a", &hashes[0]), ("b", &hashes[1])]);
        let trial = users.trial(&credentials("nobody", "x"));
        assert!(!trial.known);
        assert_eq!(cost(&trial.hash.0), Ok(6));
        assert!(users.trial(&credentials("a", "x")).known);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let (users, _) = users(&[]);
        let digest = users.digest([b"ab", b"c", b"d"]);
        assert!(digest != users.digest([b"a", b"bc", b"d"]) && digest != users.digest([b"ab", b"", b"cd"]));
        assert!(digest == users.digest([b"ab", b"c", b"d"]));
        let others = Users::check(None, &mut Findings::default());
        assert!(digest != others.digest([b"ab", b"c", b"d"]), "every key is another");
    }

    #[test]
    fn memory_is_bounded_and_right_passwords_stay() {
        let (users, _) = users(&[]);
        let digest = |number: u8, right| Digest([number, right, 0, 0].repeat(8).try_into().unwrap());
        users.remember(digest(0, 1), true);
        for number in 0..200 {
            users.remember(digest(number, 0), false);
        }
        assert_eq!(users.verdicts.lock().unwrap().len(), MOST_REMEMBERED);
        assert_eq!(users.remembered(digest(0, 1)), Some(true));
        assert_eq!(users.remembered(digest(199, 0)), Some(false));
        for number in 0..200 {
            users.remember(digest(number, 1), true);
        }
        users.remember(digest(0, 0), false);
        assert_eq!(users.verdicts.lock().unwrap().len(), MOST_REMEMBERED);
        assert_eq!(users.remembered(digest(0, 0)), None);
    }
}
