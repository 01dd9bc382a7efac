//! Where collectors write: an encoder whose families get the namespace, and each sample the label that all are to have.

use exposition::{Desc, Encoder, Family, Histogram, Kind, Summary};

/// The label of `--append-instance-role-label`.
const ROLE: &str = "instance_role";

/// An encoder for the metrics of one target. Names of families are given without the namespace.
pub(crate) struct Output<'e> {
    encoder: &'e mut Encoder,
    namespace: &'e str,
    /// The value of `instance_role`, where that is wanted.
    role: Option<String>,
    /// The whole name of the family that is being written.
    name: String,
    help: String,
}

impl<'e> Output<'e> {
    /// Writes to `encoder`, all names behind `namespace`.
    pub(crate) fn new(encoder: &'e mut Encoder, namespace: &'e str) -> Self {
        Self {
            encoder,
            namespace,
            role: None,
            name: String::new(),
            help: String::new(),
        }
    }

    /// Puts `instance_role` on every sample from here on.
    pub(crate) fn set_role(&mut self, role: Option<String>) {
        self.role = role;
    }

    /// Writes one family; without samples there will be nothing of it.
    pub(crate) fn family(&mut self, desc: &Desc<'_>, write: impl FnOnce(&mut Samples<'_>)) {
        set_name(&mut self.name, self.namespace, desc.name);
        let role = self.role.as_deref();
        let place = desc.labels.partition_point(|label| *label < ROLE);
        let labels = with_role(desc.labels, role.map(|_| (place, ROLE)));
        let desc = Desc {
            name: &self.name,
            labels: &labels,
            ..*desc
        };
        write(&mut Samples {
            family: self.encoder.family(&desc),
            role: role.map(|role| (place, role)),
        });
    }

    /// One sample without labels of a family that has a description.
    pub(crate) fn scalar(&mut self, desc: &Desc<'_>, value: f64) {
        self.family(desc, |samples| samples.sample(&[], value));
    }

    /// One sample without labels of a family that is called what it is.
    pub(crate) fn plain(&mut self, name: &str, kind: Kind, value: f64) {
        let mut help = std::mem::take(&mut self.help);
        help.clear();
        help.push_str(name);
        help.push_str(" metric");
        self.scalar(&Desc::new(name, &help, kind, &[]), value);
        self.help = help;
    }
}

fn set_name(whole: &mut String, namespace: &str, name: &str) {
    whole.clear();
    if !namespace.is_empty() {
        whole.push_str(namespace);
        whole.push('_');
    }
    whole.push_str(name);
}

/// The labels with the one that all have, at its place in the alphabet.
fn with_role<'l>(labels: &[&'l str], role: Option<(usize, &'l str)>) -> Vec<&'l str> {
    let mut labels = labels.to_vec();
    if let Some((place, role)) = role {
        labels.insert(place, role);
    }
    labels
}

/// A family that is being written.
pub(crate) struct Samples<'f> {
    family: Family<'f>,
    /// The label that all have, and where it goes.
    role: Option<(usize, &'f str)>,
}

impl Samples<'_> {
    /// One number, with a value for each label of the family.
    pub(crate) fn sample(&mut self, labels: &[&str], value: f64) {
        match self.role {
            None => self.family.sample(labels, value),
            role => self.family.sample(with_role(labels, role).as_slice(), value),
        };
    }

    /// One histogram.
    pub(crate) fn histogram(&mut self, labels: &[&str], value: &Histogram<'_>) {
        self.family.histogram(with_role(labels, self.role).as_slice(), value);
    }

    /// One summary.
    pub(crate) fn summary(&mut self, labels: &[&str], value: &Summary<'_>) {
        self.family.summary(with_role(labels, self.role).as_slice(), value);
    }
}

/// What collectors write, for their tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::Output;
    use exposition::{Encoder, Format, assemble};

    /// All that `write` writes, as text.
    pub(crate) fn written(write: impl FnOnce(&mut Output<'_>)) -> String {
        let mut encoder = Encoder::new(Format::Text004);
        write(&mut Output::new(&mut encoder, "redis"));
        let mut body = Vec::new();
        assert_eq!(assemble([&encoder], &mut body), []);
        String::from_utf8(body).unwrap()
    }

    /// Its samples alone, one a line.
    pub(crate) fn samples(write: impl FnOnce(&mut Output<'_>)) -> Vec<String> {
        let text = written(write);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::samples;
    use super::*;

    const KEYS: Desc<'_> = Desc::gauge("db_keys", "Keys.", &["db"]);
    const VALUE: Desc<'_> = Desc::gauge("config_key_value", "Config.", &["key", "value"]);

    #[test]
    fn the_role_is_on_all_samples_once_it_is_set() {
        let lines = samples(|out| {
            out.plain("before", Kind::Gauge, 1.0);
            out.set_role(Some("master".to_owned()));
            out.plain("up", Kind::Gauge, 1.0);
            out.family(&KEYS, |family| family.sample(&["db0"], 2.0));
            out.family(&VALUE, |family| family.sample(&["hz", "10"], 1.0));
        });
        let expected = [
            "redis_before 1",
            r#"redis_config_key_value{instance_role="master",key="hz",value="10"} 1"#,
            r#"redis_db_keys{db="db0",instance_role="master"} 2"#,
            r#"redis_up{instance_role="master"} 1"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn without_a_namespace_names_stand_alone() {
        let mut name = String::from("before");
        set_name(&mut name, "", "up");
        assert_eq!(name, "up");
    }
}
