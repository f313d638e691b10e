//! What the steps of Google's Cloud Build run.

use crate::workspace::YamlNode;

use super::super::paths::{file_name, has_ending};

/// `cloudbuild.yaml`, `staging.cloudbuild.yml`
pub(super) fn is_one(path: &str) -> bool {
    let name = file_name(path).to_lowercase();
    name.contains("cloudbuild") && ["yaml", "yml"].iter().any(|ending| has_ending(&name, ending))
}

/// The command lines that the steps of Google's Cloud Build are, with what they build called by its plain name:
/// `name: 'gcr.io/cloud-builders/docker'`, `args: ['exec', 'shop', 'npm', 'test']`, or `name: 'gcr.io/$PROJECT_ID/shop'`,
/// `entrypoint: npm`, `args: ['test']`.
pub(super) fn command_lines(text: &str) -> Vec<String> {
    let Some(node) = YamlNode::parse(text) else { return Vec::new() };
    let steps = node.get("steps").map(YamlNode::items).unwrap_or_default();
    let words_of = |step: &YamlNode| -> Vec<String> {
        let words = step.get("args").map(YamlNode::items).unwrap_or_default().iter();
        words.filter_map(YamlNode::text).map(str::to_owned).collect()
    };
    let tags = steps.iter().map(words_of).filter(|words| words.iter().any(|word| word == "build"));
    let tags: Vec<String> = tags
        .flat_map(|words| {
            let named = words.windows(2).filter(|pair| matches!(pair, [flag, _] if flag == "-t" || flag == "--tag"));
            named.filter_map(|pair| pair.last().cloned()).collect::<Vec<String>>()
        })
        .collect();
    let without_tag = |name: &str| {
        let (folder, last) = name.rsplit_once('/').unwrap_or(("", name));
        let last = last.split([':', '@']).next().unwrap_or(last);
        if folder.is_empty() { last.to_owned() } else { format!("{folder}/{last}") }
    };
    let plain = |word: &String| {
        let is_built = tags.iter().any(|tag| without_tag(tag) == without_tag(word));
        let word = if is_built { file_name(&without_tag(word)).to_owned() } else { word.clone() };
        // One word stays one.
        if word.contains(char::is_whitespace) { word.replace(char::is_whitespace, "_") } else { word }
    };
    let line = |step: &YamlNode| {
        let name = step.get("name").and_then(YamlNode::text)?.to_owned();
        let entrypoint = step.get("entrypoint").and_then(YamlNode::text);
        let words = words_of(step);
        let rest = || words.iter().map(&plain).collect::<Vec<String>>().join(" ");
        let is_built = tags.iter().any(|tag| without_tag(tag) == without_tag(&name));
        if let (Some("bash" | "sh"), [flag, script, ..]) = (entrypoint.map(file_name), words.as_slice())
            && flag.ends_with('c')
        {
            let run = format!("docker run {} ", plain(&name));
            let own = || script.lines().map(|line| [run.as_str(), line].concat()).collect::<Vec<String>>().join("\n");
            return Some(if is_built { own() } else { script.clone() });
        }
        if is_built {
            return Some(format!("docker run {} {} {}", plain(&name), entrypoint.unwrap_or_default(), rest()));
        }
        (file_name(&without_tag(&name)) == "docker" && entrypoint.is_none()).then(|| format!("docker {}", rest()))
    };
    let lines: Vec<String> = steps.iter().filter_map(line).collect();
    lines.iter().flat_map(|line| line.lines()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::command_lines;

    #[test]
    fn steps_are_command_lines() {
        let text = "steps:\n- name: 'docker'\n  args: ['exec', 'shop', 'npm', 'run', 'test']\n\
                    - name: gcr.io/cloud-builders/docker:latest\n  args:\n  - build\n  - -t\n  - gcr.io/$PROJECT_ID/shop:$SHORT_SHA\n  - .\n\
                    - name: docker\n  args: ['run', '-e', 'NAME=a b', 'gcr.io/$PROJECT_ID/shop', 'npm', 'test']\n\
                    - name: node:20\n  args: ['npm', 'test']\n\
                    - name: gcr.io/$PROJECT_ID/shop:$SHORT_SHA\n  entrypoint: npm\n  args: ['run', 'migrate']\n\
                    - name: gcr.io/$PROJECT_ID/shop\n  entrypoint: bash\n  args: ['-c', 'npm run seed']\n\
                    - name: gcr.io/cloud-builders/docker\n  entrypoint: bash\n  args: ['-c', 'docker run shop ls']\n";
        let expected = [
            "docker exec shop npm run test",
            "docker build -t shop .",
            "docker run -e NAME=a_b shop npm test",
            "docker run shop npm run migrate",
            "docker run shop npm run seed",
            "docker run shop ls",
        ];
        assert_eq!(command_lines(text), expected);
    }
}
