//! Commands as the shell takes them apart: enough of it to see which programs are called with which words.

/// One command: its words without quotes, those that only set variables for it left out.
pub(crate) type Command = Vec<String>;

/// The commands of `text`, in their order; those inside `$(…)` stay part of a word.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let mut commands = vec![Vec::new()];
    for token in tokens(text) {
        match token {
            Token::Word(word) => commands.last_mut().expect("there is always one").push(word),
            Token::End => commands.push(Vec::new()),
        }
    }
    let without_settings =
        |command: Vec<String>| -> Command { command.into_iter().skip_while(|word| sets(word)).collect() };
    let commands = commands.into_iter().map(without_settings);
    commands.filter(|command| !command.is_empty()).collect()
}

/// `NAME=value` in front of a command.
fn sets(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

#[derive(Debug)]
enum Token {
    Word(String),
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut word, mut rest) = (Vec::new(), None::<String>, text.chars().peekable());
    let mut redirected = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek() == Some(&'\n') => drop(rest.next()),
            '\\' => word.get_or_insert_default().extend(rest.next()),
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(rest.by_ref().take_while(|c| *c != '\''));
            }
            '"' => quoted(&mut rest, word.get_or_insert_default()),
            '$' if rest.peek() == Some(&'(') => substituted(&mut rest, word.get_or_insert_default()),
            '#' if word.is_none() => while rest.next_if(|c| *c != '\n').is_some() {},
            c if c.is_whitespace() || "|&;<>()".contains(c) => {
                // The word behind `>` or `<` is a file, and the digit in front of it a number.
                let number = "<>".contains(c) && word.as_deref().is_some_and(|word| word.len() == 1);
                if let Some(word) = word.take().filter(|_| !std::mem::take(&mut redirected) && !number) {
                    tokens.push(Token::Word(word));
                }
                match c {
                    '<' | '>' => redirected = true,
                    '&' if redirected => {}
                    '\n' | '|' | '&' | ';' | '(' | ')' => tokens.push(Token::End),
                    _ => {}
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    tokens.extend(word.filter(|_| !redirected).map(Token::Word));
    tokens
}

type Rest<'t> = std::iter::Peekable<std::str::Chars<'t>>;

fn quoted(rest: &mut Rest<'_>, word: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            '"' => return,
            '\\' => word.extend(rest.next()),
            '$' if rest.peek() == Some(&'(') => substituted(rest, word),
            c => word.push(c),
        }
    }
}

/// `$(…)`, with those inside it.
fn substituted(rest: &mut Rest<'_>, word: &mut String) {
    word.push('$');
    let mut depth = 0;
    for c in rest.by_ref() {
        word.push(c);
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

#[test]
fn commands_are_told_apart_and_their_words_have_no_quotes() {
    let cases: [(&str, &[&[&str]]); 9] = [
        ("a -b 'c d' \"e f\"", &[&["a", "-b", "c d", "e f"]]),
        ("a | b && c; d\ne", &[&["a"], &["b"], &["c"], &["d"], &["e"]]),
        ("A=1 B='2 3' c --d=e", &[&["c", "--d=e"]]),
        ("a \\\n  b # not c", &[&["a", "b"]]),
        ("a >b 2>&1 <c d", &[&["a", "d"]]),
        ("a $(b -c $(d)) e", &[&["a", "$(b -c $(d))", "e"]]),
        ("a#b '#c'", &[&["a#b", "#c"]]),
        ("# nothing\n\n", &[]),
        ("a \"b $(c 'd')\"", &[&["a", "b $(c 'd')"]]),
    ];
    for (text, expected) in cases {
        assert_eq!(commands(text), expected, "{text}");
    }
}
