//! What a request is counted under. Both are closed sets: whatever a client sends, it makes no new series.

use hyper::Method;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// The page at `/`.
    Home,
    /// `/api/users`.
    Users,
    /// `/api/orders`.
    Orders,
    /// Every path that does not exist.
    Other,
}

impl Endpoint {
    /// Those that exist.
    pub(crate) const KNOWN: [Self; 3] = [Self::Home, Self::Users, Self::Orders];

    /// The endpoint at this path.
    pub(crate) fn of(path: &str) -> Self {
        let at = |endpoint: &Self| endpoint.label() == path;
        Self::KNOWN.into_iter().find(at).unwrap_or(Self::Other)
    }

    /// The value of the label `endpoint`; of those that exist, the path.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Users => "/api/users",
            Self::Orders => "/api/orders",
            Self::Other => "other",
        }
    }

    /// The methods that it answers.
    pub(crate) fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Orders => &[Verb::Get, Verb::Head, Verb::Post],
            _ => &[Verb::Get, Verb::Head],
        }
    }

    /// Those of them that are sure to come, and whose series are there before.
    pub(crate) fn usual_verbs(self) -> impl Iterator<Item = Verb> {
        self.verbs().iter().copied().filter(|verb| *verb != Verb::Head)
    }
}

/// How it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// Any other.
    Other,
}

impl Verb {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            _ => Self::Other,
        }
    }

    /// The value of the label `method`.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_sent_there_are_only_so_many_labels() {
        for (path, label) in [
            ("/", "/"),
            ("/api/users", "/api/users"),
            ("/api/orders", "/api/orders"),
            ("/api/users/", "other"),
            ("/api/users/17", "other"),
            ("other", "other"),
            ("", "other"),
        ] {
            assert_eq!(Endpoint::of(path).label(), label, "{path}");
        }
        for (method, label) in [("GET", "GET"), ("HEAD", "HEAD"), ("POST", "POST"), ("BREW", "other")] {
            assert_eq!(Verb::of(&method.parse().unwrap()).label(), label);
        }
    }
}
