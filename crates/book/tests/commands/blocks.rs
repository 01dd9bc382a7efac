//! The blocks of commands in the pages: where each command stands, what it is said to print, and what the comment above says.

use book::page::{At, Fence, Page};

/// A block of commands.
#[derive(Debug)]
pub(crate) struct Block {
    /// The page, and the line of the fence.
    pub(crate) place: String,
    pub(crate) steps: Vec<Step>,
    /// What readers have done before they come here.
    pub(crate) before: Vec<String>,
    /// Why it cannot be run here.
    pub(crate) not_run: Option<String>,
}

/// One command, in as many lines as the shell takes for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) command: String,
    /// What the page says that it prints; `None` where the page says nothing about that.
    pub(crate) prints: Option<String>,
}

impl Step {
    /// Whether the page shows how a flag is refused.
    pub(crate) fn shows_refusal(&self) -> bool {
        self.prints
            .as_ref()
            .is_some_and(|prints| prints.starts_with("error: unexpected argument"))
    }
}

/// All blocks of commands of a page, and what is wrong with the comments above them.
pub(crate) fn of(page: &Page) -> (Vec<Block>, Vec<String>) {
    let (mut blocks, mut wrong) = (Vec::new(), Vec::new());
    for fence in page.fences() {
        let place = format!("{}:{}", page.path.display(), fence.line);
        let steps = match fence.what.language.as_str() {
            "sh" => plain(&fence),
            "console" => with_output(&fence),
            _ => continue,
        };
        match marks(&fence.what.comment) {
            Ok((before, not_run)) => blocks.push(Block {
                place,
                steps,
                before,
                not_run,
            }),
            Err(error) => wrong.push(format!("{place}: {error}")),
        }
    }
    (blocks, wrong)
}

/// What the comment says: `not run: REASON`, or `after:` and what was done before, a command a line.
fn marks(comment: &str) -> Result<(Vec<String>, Option<String>), String> {
    if comment.ends_with(": end") || comment.ends_with(": generated") || comment.is_empty() {
        return Ok((vec![], None));
    }
    if let Some(reason) = comment.strip_prefix("not run:").map(str::trim) {
        return match reason.contains(' ') {
            true => Ok((vec![], Some(reason.to_owned()))),
            false => Err(format!("{reason:?} is no reason")),
        };
    }
    let before = comment
        .strip_prefix("after:")
        .ok_or("the comment above begins with neither `not run:` nor `after:`")?;
    Ok((
        before
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect(),
        None,
    ))
}

/// Each line is a command, unless it goes on with the next one.
fn plain(fence: &At<Fence>) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    let mut goes_on = false;
    for (number, line) in (fence.line + 1..).zip(fence.what.code.lines()) {
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        match steps.last_mut().filter(|_| goes_on) {
            Some(step) => step.command.push_str(&format!("\n{line}")),
            None if blank => continue,
            None => steps.push(Step {
                line: number,
                command: line.to_owned(),
                prints: None,
            }),
        }
        goes_on = steps.last().is_some_and(|step| !is_whole(&step.command));
    }
    steps
}

/// Whether the shell waits for no further line: of a word in quotes, of a loop, of a text until EOF.
fn is_whole(command: &str) -> bool {
    if command.ends_with('\\') {
        return false;
    }
    // Most are; the shell itself is asked about the others.
    if !command.contains(['\'', '"', '{', '(', '<'])
        && !["for ", "while ", "until ", "if "]
            .iter()
            .any(|word| command.starts_with(word))
    {
        return true;
    }
    let checked = std::process::Command::new("bash")
        .args(["-n", "-c", command])
        .output()
        .expect("bash can be started");
    checked.status.success() && checked.stderr.is_empty()
}

/// Commands begin with `$ `, and go on with `> `; what follows is what they print.
fn with_output(fence: &At<Fence>) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    for (number, line) in (fence.line + 1..).zip(fence.what.code.lines()) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                line: number,
                command: command.to_owned(),
                prints: Some(String::new()),
            }),
            (None, Some(step)) => match (line.strip_prefix("> "), step.prints.as_mut()) {
                (Some(more), Some(prints)) if prints.is_empty() => step.command.push_str(&format!("\n{more}")),
                (_, Some(prints)) => prints.push_str(&format!("{line}\n")),
                (_, None) => {}
            },
            (None, None) => {}
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(code: &str) -> At<Fence> {
        let what = Fence {
            code: code.to_owned(),
            ..Fence::default()
        };
        At { line: 1, what }
    }

    fn step(line: usize, command: &str, prints: Option<&str>) -> Step {
        Step {
            line,
            command: command.to_owned(),
            prints: prints.map(str::to_owned),
        }
    }

    #[test]
    fn a_command_is_as_many_lines_as_the_shell_takes() {
        let steps = plain(&fence(
            "# first\na\n\nb \\\n  c\nfor x in 1 2; do\n  d\ndone\ncat <<EOF\ne\n\nEOF\nf 'g\nh'\ni\n",
        ));
        let expected = [
            step(3, "a", None),
            step(5, "b \\\n  c", None),
            step(7, "for x in 1 2; do\n  d\ndone", None),
            step(10, "cat <<EOF\ne\n\nEOF", None),
            step(14, "f 'g\nh'", None),
            step(16, "i", None),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_a_command_prints_is_below_it() {
        let steps = with_output(&fence("$ a\nb\n\nc\n$ d \\\n> e\n"));
        assert_eq!(steps, [step(2, "a", Some("b\n\nc\n")), step(6, "d \\\ne", Some(""))]);
    }

    #[test]
    fn a_comment_says_why_not_or_what_was_before() {
        assert_eq!(marks(""), Ok((vec![], None)));
        assert_eq!(
            marks("not run: needs an account"),
            Ok((vec![], Some("needs an account".to_owned())))
        );
        assert_eq!(
            marks("after:\n  a b\n  c"),
            Ok((vec!["a b".to_owned(), "c".to_owned()], None))
        );
        assert!(marks("not run:").is_err());
        assert!(marks("skip this").is_err());
    }
}
