//! One behaviour: what is asked, and what must hold of the answer.

/// A row of the tables in `cases`. Texts name servers as `<name>`, see `servers`.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The behaviour, in words with underscores: the module's name too.
    pub(crate) name: &'static str,
    /// The module, in YAML's flow style without the braces.
    pub(crate) module: String,
    pub(crate) target: &'static str,
    /// What follows the target in the query.
    pub(crate) query: &'static str,
    /// `X-Prometheus-Scrape-Timeout-Seconds`.
    pub(crate) scrape_timeout: &'static str,
    pub(crate) succeeds: bool,
    /// Reason and step that ours gives for the failure.
    pub(crate) why: Option<(&'static str, &'static str)>,
    /// What must hold: `family{label="value"} 1`, `family < 1`, `family > 1`, `no family{label="value"}`. Labels may be left out.
    pub(crate) sees: Vec<&'static str>,
    pub(crate) only: Only,
    pub(crate) needs: &'static [Need],
}

/// Of whom it must hold.
#[derive(Clone, Debug)]
pub(crate) enum Only {
    Both,
    /// Upstream has no such thing, for the reason given.
    Ours(&'static str),
    /// Of upstream these hold instead, and the families in them may differ.
    Differs {
        reason: &'static str,
        upstream: Vec<&'static str>,
    },
}

/// What a host may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// `::1` is an address of this host.
    Ip6,
    /// Both programs may send pings.
    Ping,
    /// redis-server is installed.
    Redis,
}

impl Case {
    /// With a whole module.
    pub(crate) fn new(name: &'static str, module: String, target: &'static str) -> Self {
        Self {
            name,
            module,
            target,
            query: "",
            scrape_timeout: "20",
            succeeds: true,
            why: None,
            sees: Vec::new(),
            only: Only::Both,
            needs: &[],
        }
    }

    /// With these keys in the block of the prober.
    pub(crate) fn of(prober: &str, name: &'static str, keys: &str, target: &'static str) -> Self {
        Self::new(name, format!("prober: {prober}, {prober}: {{{keys}}}"), target)
    }

    /// With another module, whole.
    pub(crate) fn module(mut self, module: &str) -> Self {
        self.module = module.to_owned();
        self
    }

    /// The module's time.
    pub(crate) fn timeout(mut self, duration: &str) -> Self {
        self.module = format!("timeout: {duration}, {}", self.module);
        self
    }

    /// It must fail, and ours says why.
    pub(crate) fn fails(mut self, reason: &'static str, step: &'static str) -> Self {
        (self.succeeds, self.why) = (false, Some((reason, step)));
        self
    }

    pub(crate) fn sees(mut self, wants: &[&'static str]) -> Self {
        self.sees.extend(wants);
        self
    }

    pub(crate) fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn scrape_timeout(mut self, seconds: &'static str) -> Self {
        self.scrape_timeout = seconds;
        self
    }

    pub(crate) fn ours(mut self, reason: &'static str) -> Self {
        self.only = Only::Ours(reason);
        self
    }

    pub(crate) fn differs(mut self, reason: &'static str, upstream: &[&'static str]) -> Self {
        let upstream = upstream.to_vec();
        self.only = Only::Differs { reason, upstream };
        self
    }

    pub(crate) fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    /// The name, and why the programs differ.
    pub(crate) fn title(&self) -> String {
        match &self.only {
            Only::Both => self.name.to_owned(),
            Only::Ours(reason) | Only::Differs { reason, .. } => format!("{} ({reason})", self.name),
        }
    }

    /// What must hold of ours.
    pub(crate) fn wants(&self) -> Vec<String> {
        let mut wants = vec![format!("probe_success {}", u8::from(self.succeeds))];
        wants.extend(self.sees.iter().map(ToString::to_string));
        wants
    }

    /// What must hold of ours alone: the reason of a failure, and none without one.
    pub(crate) fn wanted_reason(&self) -> String {
        match self.why {
            None => "no probe_failure_info".to_owned(),
            Some((reason, step)) => format!("probe_failure_info{{reason=\"{reason}\",step=\"{step}\"}} 1"),
        }
    }

    /// What must hold of upstream; `None`: nothing is asked of it.
    pub(crate) fn wanted_of_upstream(&self) -> Option<Vec<String>> {
        match &self.only {
            Only::Both => Some(self.wants()),
            Only::Ours(_) => None,
            Only::Differs { upstream, .. } => Some(upstream.iter().map(ToString::to_string).collect()),
        }
    }
}
