//! Programs that start servers of the Model Context Protocol by commands which whoever runs them gives: `uvx`, `npx`, with packages that are
//! fetched then.

use crate::facts::Facts;
use crate::facts::python::Reached;
use crate::workspace::parent;

/// What libraries of the protocol call a server that is started by a command.
const STARTED: [&str; 4] = ["StdioServerParameters", "MCPServerStdio", "StdioTransport", "StdioClientTransport"];
/// How far behind it the command stands.
const ARGUMENT_BYTES: usize = 200;

impl Facts<'_> {
    /// A source of the program that starts a server by a command which nothing in it spells out.
    pub(super) fn starts_given_servers(&self) -> Option<Reached> {
        if self.python_installs().is_empty() {
            return None;
        }
        // `comps/agent/src/Dockerfile` starts what lies beside it; of what else the repository copies nobody knows whether it runs.
        let home = parent(&self.service.dockerfile);
        let beside = format!("{home}/");
        let is_beside = |path: &str| home.is_empty() || path.starts_with(&beside);
        let has_home = self.program().sources.iter().any(|path| is_beside(path));
        let found = self.of_sources(&format!("starts given servers\0{home}"), || {
            self.first_in_sources(|path| {
                if has_home && !is_beside(path) {
                    return None;
                }
                let file = self.workspace.read(path).ok().filter(|_| !self.lies_aside(path))?;
                let by = given_server(file.text())?;
                Some(Reached { file: path.clone(), by: by.to_owned() })
            })
        });
        (*found).clone()
    }
}

/// The class that takes a command from a name: `StdioServerParameters(command=config.command, …)`, not `command="python"`.
fn given_server(text: &str) -> Option<&'static str> {
    STARTED.into_iter().find(|name| {
        text.match_indices(&format!("{name}(")).any(|(at, found)| {
            let behind = text.get(at + found.len()..).unwrap_or_default();
            let end = behind.char_indices().map(|(at, _)| at).find(|at| *at >= ARGUMENT_BYTES).unwrap_or(behind.len());
            let behind = behind.get(..end).unwrap_or_default();
            let value = behind.split_once("command=").map(|(_, value)| value.trim_start());
            value.is_some_and(|value| value.starts_with(|first: char| first.is_alphabetic() || first == '_'))
                && value.is_some_and(|value| !value.starts_with("sys.executable") && !value.starts_with("f\""))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::given_server;

    #[test]
    fn a_command_is_given_or_spelled_out() {
        assert_eq!(given_server("StdioServerParameters(\n  command=self.command,\n)"), Some("StdioServerParameters"));
        assert_eq!(given_server("StdioServerParameters(command=\"uv\", args=args)"), None);
        assert_eq!(given_server("StdioServerParameters(command=sys.executable, args=[script])"), None);
        assert_eq!(given_server("from mcp import StdioServerParameters"), None);
    }
}
