//! What did not hold, as a table that people can read.

use std::fmt;

/// One thing that did not hold.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) case: String,
    pub(crate) program: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// All of them, one block a case.
pub(crate) struct Table(pub(crate) Vec<Problem>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut case = "";
        for problem in &self.0 {
            if problem.case != case {
                writeln!(f, "{}", problem.case)?;
                case = &problem.case;
            }
            let Problem {
                program, expected, got, ..
            } = problem;
            writeln!(f, "    {program:8}  expected {expected}\n              got      {got}")?;
        }
        write!(f, "{} problems", self.0.len())
    }
}
