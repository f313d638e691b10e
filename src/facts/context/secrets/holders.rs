//! What in a file is a secret, by its name and its text.

use std::collections::BTreeSet;

use crate::workspace::{Workspace, join};

use super::super::super::paths::file_name;
use super::{SecretFile, SecretKind};

/// Shorter values are no secrets that a machine made.
const SECRET_LENGTH: usize = 16;

/// Keys that tools for developing write into every chain, without `0x`: Ganache's with `-d`, then those of Hardhat and Anvil.
const PUBLISHED: [&str; 5] = [
    "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d",
    "6cbed15c793ce57650b9877cf6fa156fbef513c4e6134f022a85b1ffdd59b2a1",
    "6370fd033278c143179d81c5526140625662b8daa446c22ee2d73db3707e620c",
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];

/// How a file's name says that it may hold secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holder {
    Key,
    Variables,
    Npmrc,
    Pypirc,
    Netrc,
    GitCredentials,
    Aws,
    Docker,
    Kubernetes,
    ServiceAccount,
}

/// Whether the name of a file, relative to its context, promises secrets.
pub(super) fn is_holder(path: &str) -> bool {
    holder(path).is_some()
}

/// What the name of a file promises.
fn holder(path: &str) -> Option<Holder> {
    let name = file_name(path);
    Some(match name {
        ".npmrc" => Holder::Npmrc,
        ".pypirc" => Holder::Pypirc,
        ".netrc" | "_netrc" => Holder::Netrc,
        ".git-credentials" => Holder::GitCredentials,
        "credentials" if path.ends_with(".aws/credentials") => Holder::Aws,
        "config.json" if path.ends_with(".docker/config.json") => Holder::Docker,
        ".dockerconfigjson" => Holder::Docker,
        "config" if path.ends_with(".kube/config") => Holder::Kubernetes,
        "kubeconfig" | "kubeconfig.yaml" | "kubeconfig.yml" => Holder::Kubernetes,
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" => Holder::Key,
        ".env" | ".env.production" | ".env.prod" | ".env.local" | ".env.staging" | ".env.production.local" => {
            Holder::Variables
        }
        _ => match name.rsplit_once('.') {
            Some((_, "pem" | "key" | "ppk")) => Holder::Key,
            Some((stem, "json")) if is_account_name(stem) => Holder::ServiceAccount,
            _ => return None,
        },
    })
}

fn is_account_name(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    ["credential", "service-account", "service_account", "serviceaccount", "firebase", "gcp-key", "gcp_key", "keyfile"]
        .iter()
        .any(|part| stem.contains(part))
}

/// What a path is made of that says that it is for development or tests.
const ASIDE: [&str; 18] = [
    "doc",
    "docs",
    "dev",
    "devel",
    "development",
    "e2e",
    "vagrant",
    "ci",
    "local",
    "github",
    "gitlab",
    "circleci",
    "travis",
    "jenkins",
    "buildkite",
    "buildbot",
    "hack",
    "devcontainer",
];

/// Whether a path says that what it holds is for tests, examples or development: `tests/data/server.key`, `localhost.key`,
/// `tls/devlocal-ca.key`.
pub(super) fn is_for_show(path: &str) -> bool {
    const SHOWN: [&str; 26] = [
        "test",
        "spec",
        "fixture",
        "mock",
        "example",
        "sample",
        "demo",
        "tutorial",
        "quickstart",
        "regtest",
        "devnet",
        "dummy",
        "snakeoil",
        "localhost",
        "fake",
        "insecure",
        "template",
        "selfsigned",
        "self-signed",
        "self_signed",
        "node_modules",
        "site-packages",
        "3rdparty",
        "third_party",
        "thirdparty",
        "third-party",
    ];
    let lower = path.to_ascii_lowercase();
    // `.env.local` is what holds in one place.
    SHOWN.iter().any(|word| lower.contains(word)) || is_aside(lower.strip_suffix(".env.local").unwrap_or(&lower))
}

/// Whether a Dockerfile is named for tests or development: `Dockerfile.e2e`, `.ci/pgsql/Dockerfile`.
pub(super) fn is_for_tests(dockerfile: &str) -> bool {
    const TESTS: [&str; 7] = ["test", "tests", "testing", "example", "examples", "sample", "samples"];
    let lower = dockerfile.to_ascii_lowercase();
    is_aside(&lower) || parts(&lower).any(|part| TESTS.contains(&part))
}

fn is_aside(path: &str) -> bool {
    // `devlocal`
    let is_glued =
        |part: &str| ASIDE.iter().any(|head| part.strip_prefix(head).is_some_and(|tail| ASIDE.contains(&tail)));
    parts(path).any(|part| ASIDE.contains(&part) || is_glued(part))
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '.', '-', '_'])
}

/// Looks into a file at `path` of `context`; a value of which `is_shown` says that others show it is no secret.
pub(super) fn look(
    workspace: &Workspace,
    context: &str,
    path: &str,
    is_shown: impl Fn(&str) -> bool,
) -> Option<SecretFile> {
    let holder = holder(path)?;
    let place = join(context, path).filter(|place| !is_for_show(place))?;
    let source = workspace.read(&place).ok()?;
    let text = source.text();
    let (kind, names) = match holder {
        Holder::Key => (SecretKind::Key, (is_private_key(text) && !is_said_to_be_none(text)).then(Vec::new)),
        Holder::Variables => (SecretKind::Variables, found(variables(text, is_shown))),
        Holder::Npmrc => (SecretKind::Credentials, found(npm_tokens(text))),
        Holder::Pypirc => (SecretKind::Credentials, found(settings(text, &["password"], '='))),
        Holder::Aws => (SecretKind::Credentials, found(settings(text, &["aws_secret_access_key"], '='))),
        Holder::Kubernetes => {
            (SecretKind::Credentials, found(settings(text, &["client-key-data", "token", "password"], ':')))
        }
        Holder::Netrc => (SecretKind::Credentials, found(netrc_passwords(text))),
        Holder::GitCredentials => (SecretKind::Credentials, found(url_passwords(text))),
        Holder::Docker => (SecretKind::Credentials, found(settings(text, &["\"auth\"", "\"identitytoken\""], ':'))),
        Holder::ServiceAccount => {
            let is_account = text.contains("\"private_key\"") && is_private_key(text);
            (SecretKind::Credentials, is_account.then(|| vec!["private_key".to_owned()]))
        }
    };
    Some(SecretFile { path: path.to_owned(), kind, names: names?, tracked: false, reader: None })
}

fn found(names: Vec<String>) -> Option<Vec<String>> {
    (!names.is_empty()).then_some(names)
}

/// `This is a dummy file for test use only.` in front of the key.
fn is_said_to_be_none(text: &str) -> bool {
    let said =
        text.lines().take_while(|line| !line.starts_with("-----BEGIN")).collect::<Vec<_>>().join(" ").to_lowercase();
    ["dummy", "test use", "for tests", "testing only", "not a real"].iter().any(|word| said.contains(word))
}

/// Whether a text holds a private key, and not only the words around one: `-----BEGIN RSA PRIVATE KEY-----`, without a passphrase.
fn is_private_key(text: &str) -> bool {
    let Some((before, body)) = text.split_once("PRIVATE KEY-----") else { return false };
    let is_header = before.rsplit(['\n', '"']).next().is_some_and(|line| line.trim_start().starts_with("-----BEGIN "));
    let encrypted = before.ends_with("ENCRYPTED ") || body.get(..40).unwrap_or(body).contains("ENCRYPTED");
    let packed = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=');
    let body = body.split("-----").next().unwrap_or_default().replace("\\n", "");
    let letters: String = body.chars().filter(packed).collect();
    is_header && !encrypted && letters.len() > 60 && is_random(&letters)
}

/// Names of the variables of an environment file that hold secrets which `is_shown` does not know.
fn variables(text: &str, is_shown: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches("export ");
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let name = name.trim();
        if is_secret_name(name) && is_secret(value) && !is_shown(bare_value(value)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Whether a variable is named for a secret, and not for one that browsers get anyway.
fn is_secret_name(name: &str) -> bool {
    const SECRET: [&str; 11] = [
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "APIKEY",
        "API_KEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "ACCOUNT_KEY",
        "CREDENTIAL",
        "AUTH_KEY",
    ];
    // `AWS_SECRET_NAME` names a secret, `TOKEN_ADDRESS` and `TOKEN_MINT` are on a chain.
    const OTHER: [&str; 6] = ["_NAME", "_ADDRESS", "_MINT", "_ARN", "_PATH", "_FILE"];
    const SHOWN: [&str; 11] = [
        "PUBLIC",
        "PUBLISHABLE",
        "VITE_",
        "REACT_APP_",
        "NUXT_",
        "NG_APP_",
        "GATSBY_",
        "_URL",
        "_EXPIR",
        "ACCESS_KEY_ID",
        "TOKENIZER",
    ];
    let upper = name.to_ascii_uppercase();
    let is_name = upper.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name
        && SECRET.iter().any(|word| upper.contains(word))
        && !OTHER.iter().any(|end| upper.ends_with(end))
        && !SHOWN.iter().any(|word| upper.contains(word))
}

/// `//registry.example.org/:_authToken=…`
fn npm_tokens(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let named = lines.filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim().rsplit(':').next()?;
        (["_authToken", "_auth", "_password"].contains(&name) && is_secret(value)).then(|| name.to_owned())
    });
    named.collect()
}

fn settings(text: &str, names: &[&str], separator: char) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let named = lines.filter_map(|line| {
        let (name, value) = line.split_once(separator)?;
        let name = name.trim().trim_start_matches("- ");
        (names.contains(&name) && is_secret(value.trim().trim_end_matches(','))).then(|| name.replace('"', ""))
    });
    named.collect()
}

/// `machine example.org login me password …`
fn netrc_passwords(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pairs = words.windows(2).filter_map(|pair| match pair {
        ["password", value] => is_secret(value).then(|| "password".to_owned()),
        _ => None,
    });
    pairs.take(1).collect()
}

/// `https://me:…@example.org`
fn url_passwords(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once("://")?.1.split_once('@')?.0.split_once(':'));
    lines.filter(|(_, password)| is_secret(password)).take(1).map(|_| "password".to_owned()).collect()
}

/// Whether a value is one that a machine made: long, mixed, and without the words of examples.
fn is_secret(value: &str) -> bool {
    const SHOWN: [&str; 23] = [
        "example",
        "your",
        "change",
        "placeholder",
        "dummy",
        "test",
        "xxxx",
        "insert",
        "replace",
        "todo",
        "fake",
        "sample",
        "default",
        "secret",
        "password",
        "insecure",
        "localhost",
        "12345",
        "abcde",
        "demo",
        "development",
        "do-not-use",
        "here",
    ];
    let value = bare_value(value);
    let lower = value.to_ascii_lowercase();
    // What dotenvx and sops keep is not to be read without their key.
    if ["encrypted:", "ENC["].iter().any(|start| value.starts_with(start)) {
        return false;
    }
    let is_plain = value.chars().all(|letter| letter.is_ascii_graphic());
    is_plain
        && value.len() >= SECRET_LENGTH
        && !value.contains(['$', '<', '>', '{', '}', '*', '%'])
        && !value.contains("://")
        && !value.starts_with(['/', '.', '~'])
        && !value.starts_with("pk_")
        && !PUBLISHED.contains(&lower.trim_start_matches("0x"))
        && !SHOWN.iter().any(|word| lower.contains(word))
        && is_random(value)
}

/// A value without quotes and without the comment behind it.
fn bare_value(value: &str) -> &str {
    let value = value.trim();
    match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        Some(quote) => value.get(1..).and_then(|rest| rest.split(quote).next()).unwrap_or_default(),
        // ` # comment`
        None => value.split(" #").next().unwrap_or_default().trim(),
    }
}

/// Whether letters and digits are mixed as chance mixes them.
fn is_random(value: &str) -> bool {
    let letters: BTreeSet<char> = value.chars().collect();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let others = value.chars().filter(char::is_ascii_alphabetic).count();
    digits >= 2 && others >= 2 && letters.len() * 5 >= value.len().min(32) * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_machines_made_are_told_from_examples() {
        for (value, expected) in [
            ("9f86d081884c7d659a2feaa0c55ad015", true),
            ("\"q8Zr5TnB0xLw7Yv2Kc4M\" # of the shop", true),
            ("'AbC9dEf8GhI7jKl6MnO5'", true),
            ("changeme", false),
            ("your-api-key-0123456789", false),
            ("${API_KEY_FROM_VAULT_01}", false),
            ("<a 32 characters long key1>", false),
            ("/run/secrets/api_key_2024", false),
            ("https://auth01.example.org/x2", false),
            ("0000000000000000000000000000000a1b", false),
            ("postgres", false),
            ("0x4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d", false),
            ("AC0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", false),
            ("", false),
        ] {
            assert_eq!(is_secret(value), expected, "{value}");
        }
    }

    #[test]
    fn files_of_tests_and_examples_hold_no_secrets() {
        for (path, expected) in [
            (".env", true),
            ("web/.env.production", true),
            (".env.example", false),
            (".env.local", true),
            ("tests/.env", false),
            ("certs/server.key", true),
            ("certs/localhost.key", false),
            ("docker/dev/tls.pem", false),
            ("id_ed25519", true),
            ("id_ed25519.pub", false),
            ("firebase-credentials.json", true),
            ("package.json", false),
            ("home/.aws/credentials", true),
            ("credentials", false),
            ("config/tls/devlocal-ca.key", false),
            ("devices/ca.key", true),
            (".buildbot/tls/server.key", false),
            ("locale/server.key", true),
        ] {
            assert_eq!(is_holder(path) && !is_for_show(path), expected, "{path}");
        }
    }

    #[test]
    fn keys_are_known_by_header_and_body() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        for (text, expected) in [
            (format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"), true),
            (format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n"), false),
            (format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"), false),
            ("-----BEGIN PRIVATE KEY-----\nYOUR KEY\n-----END PRIVATE KEY-----\n".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_private_key(&text), expected, "{text}");
        }
    }
}
