//! CEL by the crate of that name, with its smaller parser: the usual one takes megabytes of stack for two dozen
//! brackets, and much code.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr};
use cel::extractors::This;
use cel::parser::PrattParser;
use cel::{Context, ExecutionError, Value};
use exporter_toolkit::go_regex;

use super::CelError;

/// Longer expressions are refused: some parts nest without brackets, and each takes stack.
const MOST_BYTES: usize = 2048;

/// Expressions that nest deeper are refused: an answer takes tens of kilobytes of stack a level, of a thread's two megabytes.
const MOST_LEVELS: usize = 32;

/// Functions that may be called by name; operators have names with signs in them.
const FUNCTIONS: [&str; 13] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "type",
    "uint",
];

/// Names that stand for something without anyone's doing: the body, and the types.
const NAMES: [&str; 11] = [
    "body",
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

/// An expression that compiled.
#[derive(Debug)]
pub(crate) struct Program(IdedExpr);

/// Compiles an expression on `body`.
///
/// # Errors
/// When it is no expression, or names something that there is not.
pub(crate) fn compile(text: &str) -> Result<Program, CelError> {
    if text.len() > MOST_BYTES {
        return Err(CelError::Compile(format!("more than {MOST_BYTES} bytes")));
    }
    let parser = PrattParser::new().max_recursion_depth(MOST_LEVELS as u16);
    let expression = parser
        .parse(text)
        .map_err(|errors| CelError::Compile(errors.to_string()))?;
    check(&expression, &mut Scope::default()).map_err(CelError::Compile)?;
    Ok(Program(expression))
}

/// Whether the expression is true of this body, an object.
///
/// # Errors
/// When the body is no object, the expression has no value for it, or one that is no boolean.
pub(crate) fn matches(program: &Program, body: &serde_json::Value) -> Result<bool, CelError> {
    if !body.is_object() {
        return Err(CelError::Evaluate("the body is not a JSON object".to_owned()));
    }
    let mut context = Context::default();
    context.add_variable_from_value("body", value(body));
    // The crate's own would bring tables of Unicode and engines that nothing else here uses.
    let added = context.add_function("matches", |This(text): This<Arc<String>>, pattern: Arc<String>| {
        let regex = go_regex::with_captures(&pattern);
        let regex = regex.map_err(|_| ExecutionError::function_error("matches", "not a regular expression"))?;
        Ok(regex.is_match(&text))
    });
    added.map_err(|error| CelError::Evaluate(error.to_string()))?;
    match Value::resolve(&program.0, &context) {
        Ok(Value::Bool(answer)) => Ok(answer),
        Ok(_) => Err(CelError::NotBoolean),
        Err(error) => Err(CelError::Evaluate(said(&error))),
    }
}

/// The crate's errors show values of the body, which may be secret; so only what went wrong is said.
fn said(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::IndexOutOfBounds(_) => "index out of bounds".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".to_owned(),
        ExecutionError::FunctionError { function, .. } => format!("{function} has no value for this"),
        _ => "no such overload".to_owned(),
    }
}

/// JSON as upstream's decoder makes it: every number is a double.
fn value(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(boolean) => Value::Bool(*boolean),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, json)| (key.clone(), value(json)));
            Value::from(entries.collect::<HashMap<String, Value>>())
        }
    }
}

/// Where in an expression something stands.
#[derive(Default)]
struct Scope<'e> {
    /// The variables of the macros around it.
    variables: Vec<&'e str>,
    levels: usize,
}

/// Finds names that stand for nothing, and too many levels.
fn check<'e>(expression: &'e IdedExpr, scope: &mut Scope<'e>) -> Result<(), String> {
    if scope.levels == MOST_LEVELS {
        return Err(format!("more than {MOST_LEVELS} levels"));
    }
    scope.levels += 1;
    let checked = check_parts(&expression.expr, scope);
    scope.levels -= 1;
    checked
}

fn check_parts<'e>(expression: &'e Expr, scope: &mut Scope<'e>) -> Result<(), String> {
    match expression {
        Expr::Unspecified | Expr::Literal(_) => Ok(()),
        Expr::Ident(name) if scope.has(name) => Ok(()),
        Expr::Ident(name) => Err(undeclared(name)),
        Expr::Select(select) => check(&select.operand, scope),
        Expr::List(list) => list.elements.iter().try_for_each(|element| check(element, scope)),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| check_entry(entry, scope)),
        // There are no message types.
        Expr::Struct(message) => Err(undeclared(&message.type_name)),
        Expr::Call(call) => {
            let name = call.func_name.as_str();
            if name.chars().all(char::is_alphanumeric) && !FUNCTIONS.contains(&name) {
                return Err(undeclared(name));
            }
            let mut parts = call.target.as_deref().into_iter().chain(&call.args);
            parts.try_for_each(|part| check(part, scope))
        }
        Expr::Comprehension(comprehension) => check_comprehension(comprehension, scope),
    }
}

fn check_entry<'e>(entry: &'e IdedEntryExpr, scope: &mut Scope<'e>) -> Result<(), String> {
    match &entry.expr {
        EntryExpr::StructField(field) => check(&field.value, scope),
        EntryExpr::MapEntry(entry) => {
            check(&entry.key, scope)?;
            check(&entry.value, scope)
        }
    }
}

fn check_comprehension<'e>(comprehension: &'e ComprehensionExpr, scope: &mut Scope<'e>) -> Result<(), String> {
    check(&comprehension.iter_range, scope)?;
    check(&comprehension.accu_init, scope)?;
    let outside = scope.variables.len();
    let variables = [comprehension.iter_var.as_str(), comprehension.accu_var.as_str()];
    scope.variables.extend(variables);
    scope.variables.extend(comprehension.iter_var2.as_deref());
    let inside = [
        &comprehension.loop_cond,
        &comprehension.loop_step,
        &comprehension.result,
    ];
    let checked = inside.into_iter().try_for_each(|part| check(part, scope));
    scope.variables.truncate(outside);
    checked
}

impl Scope<'_> {
    fn has(&self, name: &str) -> bool {
        NAMES.contains(&name) || self.variables.contains(&name)
    }
}

fn undeclared(name: &str) -> String {
    format!("undeclared reference to '{name}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(text: &str) -> Result<bool, CelError> {
        let body = json!({"a": 1, "b": 2.5, "s": "x1", "items": [{"x": 1}], "n": null, "neg": -3});
        matches(&compile(text).unwrap(), &body)
    }

    #[test]
    fn expressions_are_true_or_false_of_a_body_as_upstream_has_it() {
        for (text, expected) in [
            ("body.a == 1", true),
            ("body.a == 1.0", true),
            ("body.a == 1u", true),
            ("body.a > 0 && body.b >= 2", true),
            ("body.neg < 0 && !(body.a != 1)", true),
            ("body.a + 1.0 == 2.0", true),
            ("body.a in [1, 2] && 'a' in body", true),
            ("body['a'] == 1 && body.items[0].x == 1", true),
            ("body.items.all(i, i.x == 1)", true),
            ("body.items.exists(i, i.x > 2)", false),
            ("body.items.map(i, i.x) == [1]", true),
            ("body.items.filter(i, i.x == 1).size() == 1", true),
            ("has(body.z)", false),
            ("body.n == null", true),
            ("body.s == 1", false),
            ("body.s.matches('x[0-9]')", true),
            ("matches(body.s, '^[a-w]')", false),
            ("type(body.a) == double", true),
            ("string(body.a) == '1' && int(body.a) == 1", true),
        ] {
            assert_eq!(ask(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_boolean_value_is_an_error_that_shows_nothing_of_the_body() {
        let evaluate = |text: &str| CelError::Evaluate(text.to_owned());
        for (text, expected) in [
            ("1 + 1", CelError::NotBoolean),
            ("body.s", CelError::NotBoolean),
            ("body.z == 1", evaluate("no such key: z")),
            ("body.a + 1 == 2", evaluate("no such overload")),
            ("body.items[7].x == 1", evaluate("index out of bounds")),
            ("body.s.matches('(')", evaluate("matches has no value for this")),
        ] {
            assert_eq!(ask(text), Err(expected), "{text}");
        }
        let list = matches(&compile("true").unwrap(), &json!([1]));
        assert_eq!(list, Err(evaluate("the body is not a JSON object")));
    }

    #[test]
    fn what_upstream_does_not_compile_is_refused() {
        let long = format!("true{}", " ".repeat(MOST_BYTES));
        let deep = format!("{}1{} == body", "[".repeat(900), "]".repeat(900));
        let sum = format!("0{} == body", "+1".repeat(900));
        let choice = format!("{}true", "true?1:".repeat(280));
        for text in [
            "",
            "body.a ==",
            "foo.bar",
            "frob(body.a)",
            "body.a.frob()",
            "body.items.all(i, j == 1)",
            "body.items.all(i, i == 1) && i == 1",
            "{foo: 1} == body",
            "Message{a: 1} == body",
            &long,
            &deep,
            &sum,
            &choice,
        ] {
            assert!(compile(text).is_err(), "{text:.40}");
        }
    }
}
