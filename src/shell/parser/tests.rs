use super::parse;
use crate::shell::ast::{
    Assignment, Command, CompoundKind, Connector, List, Parameter, Part, Redirect, SeparatorKind, SimpleCommand, Word,
};

/// Writes a tree as an s-expression: leaves are slices of the text, so that a wrong range shows.
struct Dump<'t> {
    text: &'t str,
    out: String,
}

impl Dump<'_> {
    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('(') {
            self.out.push(' ');
        }
    }

    fn node(&mut self, name: &str, children: impl FnOnce(&mut Self)) {
        self.space();
        self.out.push('(');
        self.out.push_str(name);
        children(self);
        self.out.push(')');
    }

    fn leaf(&mut self, text: &str) {
        self.space();
        self.out.push_str(&text.replace('\r', "\\r").replace('\n', "\\n").replace('\t', "\\t"));
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            for (connector, pipeline) in item.and_or.pipelines() {
                match connector {
                    Some(Connector::And) => self.leaf("&&"),
                    Some(Connector::Or) => self.leaf("||"),
                    None => {}
                }
                if pipeline.negated {
                    self.leaf("!");
                }
                for (index, command) in pipeline.commands.iter().enumerate() {
                    if index > 0 {
                        self.leaf("|");
                    }
                    self.command(command);
                }
            }
            if let Some(separator) = item.separator {
                let text = separator.range.slice(self.text);
                match separator.kind {
                    SeparatorKind::Semicolon => assert_eq!(text, ";"),
                    SeparatorKind::Background => assert_eq!(text, "&"),
                    SeparatorKind::Newline => assert!(text == "\n" || text == "\r\n"),
                }
                self.leaf(text);
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.node("", |dump| dump.simple(simple)),
            Command::Opaque(range) => self.node("opaque", |dump| dump.leaf(range.slice(dump.text))),
            Command::Compound(compound) => {
                let name = match &compound.kind {
                    CompoundKind::Group(_) => "group",
                    CompoundKind::Subshell(_) => "subshell",
                    CompoundKind::If { .. } => "if",
                    CompoundKind::For { .. } => "for",
                    CompoundKind::ArithmeticFor { .. } => "for((",
                    CompoundKind::While { .. } => "while",
                    CompoundKind::Until { .. } => "until",
                    CompoundKind::Case { .. } => "case",
                    CompoundKind::Function { .. } => "function",
                    CompoundKind::Test(_) => "test",
                    CompoundKind::Arithmetic => "arithmetic",
                };
                self.node(name, |dump| {
                    dump.kind(&compound.kind);
                    compound.redirects.iter().for_each(|redirect| dump.redirect(redirect));
                });
            }
        }
    }

    fn kind(&mut self, kind: &CompoundKind) {
        match kind {
            CompoundKind::Group(list) | CompoundKind::Subshell(list) | CompoundKind::ArithmeticFor { body: list } => {
                self.list(list);
            }
            CompoundKind::If { branches, otherwise } => {
                for branch in branches {
                    self.list(&branch.condition);
                    self.node("then", |dump| dump.list(&branch.body));
                }
                if let Some(list) = otherwise {
                    self.node("else", |dump| dump.list(list));
                }
            }
            CompoundKind::For { name, words, body } => {
                self.leaf(name);
                if let Some(words) = words {
                    self.node("in", |dump| words.iter().for_each(|word| dump.word(word)));
                }
                self.node("do", |dump| dump.list(body));
            }
            CompoundKind::While { condition, body } | CompoundKind::Until { condition, body } => {
                self.list(condition);
                self.node("do", |dump| dump.list(body));
            }
            CompoundKind::Case { subject, arms } => {
                self.word(subject);
                for arm in arms {
                    self.node("arm", |dump| {
                        arm.patterns.iter().for_each(|pattern| dump.word(pattern));
                        dump.list(&arm.body);
                    });
                }
            }
            CompoundKind::Function { name, body } => {
                self.leaf(name);
                self.command(body);
            }
            CompoundKind::Test(words) => words.iter().for_each(|word| self.word(word)),
            CompoundKind::Arithmetic => {}
        }
    }

    fn simple(&mut self, simple: &SimpleCommand) {
        for Assignment { name, append, value, range } in &simple.assignments {
            assert!(range.slice(self.text).starts_with(name) && range.end() == value.range.end());
            self.leaf(&format!("{name}{}=", if *append { "+" } else { "" }));
            self.out.push_str(value.range.slice(self.text));
        }
        simple.words.iter().for_each(|word| self.word(word));
        simple.redirects.iter().for_each(|redirect| self.redirect(redirect));
    }

    fn word(&mut self, word: &Word) {
        self.leaf(word.range.slice(self.text));
    }

    fn redirect(&mut self, redirect: &Redirect) {
        self.node(&format!("{:?}", redirect.kind), |dump| {
            dump.leaf(redirect.range.slice(dump.text));
            dump.leaf("->");
            if let Some(descriptor) = redirect.descriptor {
                dump.leaf(&descriptor.to_string());
            }
            dump.word(&redirect.target);
            if let Some(body) = redirect.heredoc {
                dump.node("body", |dump| dump.leaf(body.slice(dump.text)));
            }
        });
    }

    fn part(&mut self, part: &Part) {
        let slice = part.range().slice(self.text);
        match part {
            Part::Literal { text, quoted, .. } => {
                self.node(if *quoted { "escaped" } else { "literal" }, |dump| dump.leaf(text));
            }
            Part::SingleQuoted { text, .. } => self.node("single", |dump| dump.leaf(text)),
            Part::DoubleQuoted { parts, .. } => {
                self.node("double", |dump| parts.iter().for_each(|part| dump.part(part)));
            }
            Part::Parameter(Parameter { name, operator, .. }) => self.node("parameter", |dump| {
                dump.leaf(name);
                if !operator.is_empty() {
                    dump.leaf(operator);
                }
            }),
            Part::Substitution { commands, .. } => self.node("substitution", |dump| dump.list(commands)),
            Part::Process { commands, .. } => self.node("process", |dump| dump.list(commands)),
            Part::Arithmetic(_) => self.node("arithmetic", |dump| dump.leaf(slice)),
            Part::Opaque(_) => self.node("opaque", |dump| dump.leaf(slice)),
        }
    }
}

fn dump(text: &str) -> (String, Vec<String>) {
    let (list, errors) = parse(text);
    let mut dump = Dump { text, out: String::new() };
    dump.list(&list);
    (dump.out, errors.iter().map(|error| format!("{}: {}", error.range.slice(text), error.message)).collect())
}

#[track_caller]
fn reads(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (tree, errors) = dump(text);
        assert_eq!(tree, *expected, "{text:?}");
        assert_eq!(errors, Vec::<String>::new(), "{text:?}");
    }
}

/// The parts of the last word of a script of one command.
#[track_caller]
fn has_parts(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (list, errors) = parse(text);
        assert_eq!(errors, [], "{text:?}");
        let [item] = list.items.as_slice() else { panic!("{text:?} is not one command") };
        let [Command::Simple(simple)] = item.and_or.first.commands.as_slice() else { panic!("{text:?} is not simple") };
        let word = simple.words.last().or(simple.assignments.last().map(|assignment| &assignment.value)).unwrap();
        let mut dump = Dump { text, out: String::new() };
        word.parts.iter().for_each(|part| dump.part(part));
        assert_eq!(dump.out, *expected, "{text:?}");
    }
}

/// Errors are `slice: message`.
#[track_caller]
fn recovers(cases: &[(&str, &str, &[&str])]) {
    for (text, expected, messages) in cases {
        let (tree, errors) = dump(text);
        assert_eq!(tree, *expected, "{text:?}");
        assert_eq!(errors, *messages, "{text:?}");
    }
}

#[test]
fn reads_lists_and_pipelines() {
    reads(&[
        ("", ""),
        (" # only a comment", ""),
        ("a", "(a)"),
        ("a b;c & d\n", "(a b) ; (c) & (d) \\n"),
        ("a && b || c", "(a) && (b) || (c)"),
        ("a &&\n\n # x\n b |\nc", "(a) && (b) | (c)"),
        ("! a | b |& c", "! (a) | (b) | (c)"),
        ("! ! a", "(a)"),
        ("!(a)", "! (subshell (a))"),
        ("a\r\nb\r\n", "(a) \\r\\n (b) \\r\\n"),
        ("a # b && c\nd", "(a) \\n (d)"),
        ("a b#c #d", "(a b#c)"),
        ("time a", "(time a)"),
        ("time -p { a; } | b", "(group (a) ;) | (b)"),
        ("a |& b & c", "(a) | (b) & (c)"),
    ]);
}

#[test]
fn ranges_cover_lists_from_their_first_command_to_their_last_separator() {
    let text = " a && ! b c >d | e ; f ";
    let (list, _) = parse(text);
    assert_eq!(list.range.slice(text), "a && ! b c >d | e ; f");
    let first = &list.items[0].and_or;
    assert_eq!(first.range.slice(text), "a && ! b c >d | e");
    assert_eq!(first.rest[0].1.slice(text), "&&");
    assert_eq!(first.rest[0].2.range.slice(text), "! b c >d | e");
    assert_eq!(first.rest[0].2.commands[0].range().slice(text), "b c >d");
    let text = "{ a; } >b && c";
    assert_eq!(parse(text).0.items[0].and_or.first.range.slice(text), "{ a; } >b");
}

#[test]
fn reserved_words_count_only_where_a_command_begins() {
    reads(&[
        ("echo if then fi done { } ! [[", "(echo if then fi done { } ! [[)"),
        ("a=if fi", "(a=if fi)"),
        ("iffy; {a; }b", "(iffy) ; ({a) ; (}b)"),
        ("'if' a", "('if' a)"),
        ("if (a) then (b) fi", "(if (subshell (a)) (then (subshell (b))))"),
        ("{ { a; } }", "(group (group (a) ;))"),
    ]);
}

#[test]
fn reads_assignments_before_the_command_name() {
    reads(&[
        ("a=1 b= c+=x cmd d=2", "(a=1 b= c+=x cmd d=2)"),
        ("a[0]=x a[$((1 + 2))]+=y", "(a=x a+=y)"),
        ("a=(x 'y z' # note\n $(w))", "(a=(x 'y z' # note\n $(w)))"),
        ("a[b] 1a=2", "(a[b] 1a=2)"),
        ("declare -a a=(x y) b", "(declare -a a=(x y) b)"),
        ("a=b >c d=e f", "(a=b d=e f (Output >c -> c))"),
    ]);
    has_parts(&[
        ("a=(x y)", "(opaque (x y))"),
        ("export a=(x y)", "(literal a=) (opaque (x y))"),
        ("a=~/b", "(literal ~/b)"),
    ]);
}

#[test]
fn reads_redirections() {
    reads(&[
        ("a >b 2>>c <d", "(a (Output >b -> b) (Append 2>>c -> 2 c) (Input <d -> d))"),
        ("a 2>&1 >&- <&3", "(a (Duplicate 2>&1 -> 2 1) (Duplicate >&- -> -) (Duplicate <&3 -> 3))"),
        ("a &>b &>> c", "(a (OutputAndError &>b -> b) (OutputAndError &>> c -> c))"),
        ("a >|b <>c <<<\"d e\"", "(a (Output >|b -> b) (InputOutput <>c -> c) (HereString <<<\"d e\" -> \"d e\"))"),
        ("a {fd}>b a2>c", "(a a2 (Output {fd}>b -> b) (Output >c -> c))"),
        (">a b", "(b (Output >a -> a))"),
        ("a < <(b)", "(a (Input < <(b) -> <(b)))"),
        ("{ a; } 2>b >c", "(group (a) ; (Output 2>b -> 2 b) (Output >c -> c))"),
        ("if a; then b; fi>c", "(if (a) ; (then (b) ;) (Output >c -> c))"),
    ]);
}

#[test]
fn heredoc_bodies_begin_behind_the_line() {
    reads(&[
        ("cat <<EOF >f\nx $y\nEOF\nb", "(cat (Heredoc <<EOF -> EOF (body x $y\\n)) (Output >f -> f)) \\n (b)"),
        ("cat <<'E F' && b\nx\nE F\n", "(cat (Heredoc <<'E F' -> 'E F' (body x\\n))) && (b) \\n"),
        ("cat <<-E\n\tx\n\tE\nb", "(cat (Heredoc <<-E -> E (body \\tx\\n))) \\n (b)"),
        (
            "a <<A; b <<B\n1\nA\n2\nB\nc",
            "(a (Heredoc <<A -> A (body 1\\n))) ; (b (Heredoc <<B -> B (body 2\\n))) \\n (c)",
        ),
        ("a <<A\r\n1\r\nA\r\nb", "(a (Heredoc <<A -> A (body 1\\r\\n))) \\r\\n (b)"),
        ("a <<A\nA\n", "(a (Heredoc <<A -> A (body ))) \\n"),
        ("a <<A\nx\\\nA\nA\n", "(a (Heredoc <<A -> A (body x\\\\nA\\n))) \\n"),
        ("(a <<A\nx)\nA\n)", "(subshell (a (Heredoc <<A -> A (body x)\\n))) \\n)"),
        ("if a <<A; then\nx\nA\nb; fi", "(if (a (Heredoc <<A -> A (body x\\n))) ; (then (b) ;))"),
        ("a <<A $(b <<B\n2\nB\n)\n1\nA\n", "(a $(b <<B\\n2\\nB\\n) (Heredoc <<A -> A (body 1\\n))) \\n"),
        ("a $(b <<B\nx\nB)", "(a $(b <<B\\nx\\nB))"),
        ("a <<\"A\" \"x\ny\"\n1\nA\n", "(a \"x\\ny\" (Heredoc <<\"A\" -> \"A\" (body 1\\n))) \\n"),
    ]);
}

#[test]
fn reads_constructs() {
    reads(&[
        ("( a; b )", "(subshell (a) ; (b))"),
        ("if a; then b; elif c\nthen d; else e; fi", "(if (a) ; (then (b) ;) (c) \\n (then (d) ;) (else (e) ;))"),
        ("for a in b \"$c\" *.d; do e; done", "(for a (in b \"$c\" *.d) (do (e) ;))"),
        ("for a\ndo b\ndone", "(for a (do (b) \\n))"),
        ("for a; do b; done", "(for a (do (b) ;))"),
        ("for a in; do b; done", "(for a (in) (do (b) ;))"),
        ("for a in x; { b; }", "(for a (in x) (do (b) ;))"),
        ("for ((i = 0; i < 3; i++)); do a; done", "(for(((a) ;)"),
        ("select a in b; do c; done", "(for a (in b) (do (c) ;))"),
        ("while a; do b; done <c", "(while (a) ; (do (b) ;) (Input <c -> c))"),
        ("until a; do b; done", "(until (a) ; (do (b) ;))"),
        ("case $a in b|c) d;; (e) f;& *) ;; g) h; esac", "(case $a (arm b c (d)) (arm e (f)) (arm *) (arm g (h) ;))"),
        ("case a in esac", "(case a)"),
        ("case a in\nb)\nc\n;;&\nesac", "(case a (arm b (c) \\n))"),
        ("a() { b; } >c", "(function a (group (b) ; (Output >c -> c)))"),
        ("a-b ()\n( c )", "(function a-b (subshell (c)))"),
        ("function a { b; }", "(function a (group (b) ;))"),
        ("function a() { b; }; c", "(function a (group (b) ;)) ; (c)"),
        ("[[ -f a && ( $b == *.c || ! x < y ) ]] && d", "(test -f a && ($b == *.c || ! x < y )) && (d)"),
        ("[[ $a =~ ^(b c|d)|[[:x:]]$ ]]", "(test $a =~ ^(b c|d)|[[:x:]]$)"),
        ("[[ a\n== b ]]", "(test a == b)"),
        ("((a = (1 + 2) * 3)) && b", "(arithmetic) && (b)"),
        ("((a); b)", "(subshell (subshell (a)) ; (b))"),
        ("coproc a { b; }; c", "(opaque coproc a { b; }) ; (c)"),
    ]);
}

#[test]
fn reads_the_parts_of_words() {
    has_parts(&[
        (r"a\ b\*", "(escaped a b*)"),
        (r"'a\b'", r"(single a\b)"),
        (r"$'a\tb\x41\u00e9\'\101\q'", r"(single a\tbAé'A\q)"),
        (r#""a \$b \x $c""#, r"(double (escaped a $b \x ) (parameter c))"),
        (r#"$"a""#, "(double (literal a))"),
        ("\"\"", "(double)"),
        ("a$b-c", "(literal a) (parameter b) (literal -c)"),
        ("$1x$@$?$$", "(parameter 1) (literal x) (parameter @) (parameter ?) (parameter $)"),
        ("$ ", "(literal $)"),
        ("\"a$\"", "(double (literal a$))"),
        ("{a,b}/~*?[c]=d@e", "(literal {a,b}/~*?[c]=d@e)"),
        ("@(a|b)c!(*.d)", "(opaque @(a|b)) (literal c) (opaque !(*.d))"),
        ("x<(a; b)", "(literal x) (process (a) ; (b))"),
        ("$(a \")\" # )\n)", "(substitution (a \")\") \\n)"),
        ("$(case a in b) c;; esac)", "(substitution (case a (arm b (c))))"),
        ("\"$(a \"b $(c)\")\"", "(double (substitution (a \"b $(c)\")))"),
        ("`a b`", "(substitution (a b))"),
        (r"`a \`b\``", "(substitution)"),
        ("`# note`", "(substitution)"),
        ("$((1 + (2)))", "(arithmetic $((1 + (2))))"),
        ("$((a); b)", "(substitution (subshell (a)) ; (b))"),
        ("$( (a) )", "(substitution (subshell (a)))"),
        ("$[1+2]", "(arithmetic $[1+2])"),
        ("$[a", "(literal $) (literal [a)"),
        ("é\\ü", "(escaped éü)"),
    ]);
}

#[test]
fn parameters_keep_their_operator() {
    has_parts(&[
        ("${a}", "(parameter a)"),
        ("${a:-b}", "(parameter a :-b)"),
        ("${a%/*}", "(parameter a %/*)"),
        ("${a[@]}", "(parameter a [@])"),
        ("${#a}", "(parameter a #len)"),
        ("${#a[@]}", "(parameter a #len[@])"),
        ("${!a}", "(parameter a !)"),
        ("${#}", "(parameter #)"),
        ("${##}", "(parameter # #len)"),
        ("${#-1}", "(parameter # -1)"),
        ("${!}", "(parameter !)"),
        ("${10}", "(parameter 10)"),
        ("${@:2}", "(parameter @ :2)"),
        ("${a:-${b:-\"}\"}}", "(parameter a :-${b:-\"}\"})"),
        ("${a:-$(b })}", "(parameter a :-$(b }))"),
        ("\"${a%'}'}\"", "(double (parameter a %'}'))"),
        ("\"${a:-'b'}\"", "(double (parameter a :-'b'))"),
        ("${ b;}", "(opaque ${ b;})"),
    ]);
}

#[test]
fn keeps_the_range_of_a_word_through_a_continuation() {
    reads(&[
        ("a b\\\nc \\\n d", "(a b\\\\nc d)"),
        ("a\\\r\n b\\\n", "(a b)"),
        ("a 2\\\n>b", "(a (Output 2\\\\n>b -> 2 b))"),
        ("if\\\n a; then b; fi\\\n;c", "(if (a) ; (then (b) ;)) ; (c)"),
    ]);
    let (list, _) = parse("a\\\nb\\\n=c d");
    let [Command::Simple(simple)] = list.items[0].and_or.first.commands.as_slice() else { panic!("not simple") };
    assert_eq!((simple.assignments[0].name.as_str(), simple.words.len()), ("ab", 1));
    has_parts(&[
        ("a b\\\nc\\\r\nd", "(literal bcd)"),
        ("\"a\\\nb\"", "(double (literal ab))"),
        ("'a\\\nb'", "(single a\\\\nb)"),
        ("$a\\\nb", "(parameter ab)"),
        ("$\\\na'b'\\\n'c'", "(parameter a) (single b) (single c)"),
    ]);
}

#[test]
fn reads_on_where_only_a_command_is_missing() {
    recovers(&[
        ("a && && b c; d", "(a) && (opaque && b c) ; (d)", &["&&: expected a command, found `&&`"]),
        ("a; ; b & c", "(a) ; (opaque ; b) & (c)", &[";: expected a command, found `;`"]),
        ("a &&", "(a) && (opaque )", &[": expected a command before the end of the script"]),
        ("(a |) && b", "(subshell (a) | (opaque )) && (b)", &["): expected a command, found `)`"]),
        ("if a; then fi; b", "(if (a) ; (then)) ; (b)", &["fi: expected a command, found `fi`"]),
        ("! \nb", "! (opaque ) \\n (b)", &["\n: expected a command before the end of the line"]),
    ]);
}

#[test]
fn heredocs_without_an_end_take_the_rest() {
    recovers(&[
        (
            "a <<A && b\nx\n",
            "(a (Heredoc <<A -> A (body x\\n))) && (b) \\n",
            &["<<A: the heredoc is never closed by `A`"],
        ),
        ("a <<A", "(a (Heredoc <<A -> A))", &["<<A: the heredoc `A` has no body"]),
        ("a $(b <<A) c\nx\nA\n", "(opaque a $(b <<A) c\\nx\\nA\\n)", &["<<A: the heredoc `A` has no body"]),
    ]);
}

#[test]
fn everything_behind_an_unclear_place_is_opaque() {
    recovers(&[
        ("a && b 'c; d", "(a) && (opaque b 'c; d)", &["': the single quote is never closed"]),
        ("a; b \"c $(d) e", "(a) ; (opaque b \"c $(d) e)", &["\": the double quote is never closed"]),
        ("a | b $(c; d", "(a) | (opaque b $(c; d)", &["$(: the substitution is never closed"]),
        ("a ${b c", "(opaque a ${b c)", &["${: the parameter expansion is never closed"]),
        ("a `b", "(opaque a `b)", &["`: the backtick is never closed"]),
        ("a \"${b:-it's}\"", "(opaque a \"${b:-it's}\")", &["${b:-it's: shells disagree about the single quote"]),
        ("a (b) && c", "(opaque a (b) && c)", &["(: unexpected `(` behind `a`"]),
        ("a b(c) && d", "(opaque a b(c) && d)", &["(: unexpected `(`"]),
        ("a ) b; c", "(a) (opaque ) b; c)", &["): unexpected `)`"]),
        ("a; fi; b", "(a) ; (opaque fi; b)", &["fi: unexpected `fi`"]),
        ("a;; b", "(a) (opaque ;; b)", &[";;: unexpected `;;`"]),
        ("a; if b; c; d", "(a) ; (opaque if b; c; d)", &[": expected `then` before the end of the script"]),
        ("a; if b; then c; done; d", "(a) ; (opaque if b; then c; done; d)", &["done: expected `fi`, found `done`"]),
        ("{ a; ( b; }", "(opaque { a; ( b; })", &["}: expected `)`, found `}`"]),
        ("while a; do b", "(opaque while a; do b)", &["while: `while` is never closed by `done`"]),
        ("(a) b; c", "(subshell (a)) (opaque b; c)", &["b: unexpected `b`"]),
        ("a > ; b", "(opaque a > ; b)", &[";: expected a word behind `>`, found `;`"]),
        ("case a b", "(opaque case a b)", &["b: expected `in`, found `b`"]),
        ("a; [[ b; c", "(a) ; (opaque [[ b; c)", &[";: expected `]]`, found `;`"]),
    ]);
}

#[test]
fn errors_inside_backticks_stay_there() {
    recovers(&[("a `b 'c` d; e", "(a `b 'c` d) ; (e)", &["': the single quote is never closed"])]);
}

#[test]
fn deep_nesting_ends_in_an_error_on_a_small_stack() {
    let openings = [
        "$(",
        "\"$(",
        "${a:-",
        "{ ",
        "( ",
        "if ",
        "case a in b) ",
        "f() ",
        "coproc ",
        "<(",
        "$((",
        "\"${a:-",
        "a=($(",
        "@($(",
    ];
    for opening in openings {
        let text = opening.repeat(20_000);
        let parse = move || parse(&text).1.len();
        let errors = std::thread::Builder::new().stack_size(2 << 20).spawn(parse).unwrap().join().unwrap();
        assert_ne!(errors, 0, "{opening}");
    }
    let deep = format!("a {}b{}", "$(".repeat(150), ")".repeat(150));
    assert_eq!(parse(&deep).1, []);
}

#[test]
fn no_prefix_of_a_script_panics() {
    let script = "a=(1); f() { if [[ $x =~ ^(é|b)$ ]]; then for i in \"${a[@]}\" `b`; do case $i in @(x|y)) ((i++));; esac; done; fi; }\r\n\
                  cat <<-'E' <(c) 2>&1 |& d $((1 + $(e))) \\\n $'\\x41' && ! { g & } # h\n\tx\n\tE\n";
    assert_eq!(parse(script).1, []);
    for (end, _) in script.char_indices() {
        let (list, _) = parse(&script[..end]);
        assert!(list.range.end() as usize <= end);
    }
}
