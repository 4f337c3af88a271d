//! What the project says of itself: its folders, the functions of its template, and the story that its events tell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::Result;

/// Where things are.
pub(crate) struct Project {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Cargo's target directory: there is one for everything.
    pub(crate) target: PathBuf,
    /// The workspace's packages.
    pub(crate) packages: Vec<String>,
}

/// A function, as the template declares it.
pub(crate) struct Function {
    /// Its folder in `functions/`, its package and its binary.
    pub(crate) name: String,
    /// Its resource in the template.
    pub(crate) resource: String,
    /// The environment variables that the template gives it.
    pub(crate) variables: Vec<String>,
}

/// An event of `events/`, its function, and what that should answer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Scene {
    /// The file's name.
    pub(crate) event: String,
    /// The function's.
    pub(crate) function: String,
    /// The answer's status; `None` where a schedule calls, and nobody waits for an answer.
    pub(crate) status: Option<u16>,
}

impl Project {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self> {
        let output = Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let path = |name: &str| metadata.get(name).and_then(Value::as_str).map(PathBuf::from);
        let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
        let names = packages.filter_map(|package| package.get("name")?.as_str()).map(str::to_owned);
        Ok(Self {
            root: path("workspace_root").ok_or("cargo knows of no workspace here")?,
            target: path("target_directory").ok_or("cargo knows of no target directory")?,
            packages: names.collect(),
        })
    }

    /// Every function of the template.
    pub(crate) fn functions(&self) -> Result<Vec<Function>> {
        functions(&std::fs::read_to_string(self.root.join("template.yaml"))?)
    }

    /// The events, in an order in which each finds what it needs.
    pub(crate) fn story(&self) -> Result<Vec<Scene>> {
        Ok(serde_json::from_str(&std::fs::read_to_string(self.event("story.json"))?)?)
    }

    /// A file of `events/`.
    pub(crate) fn event(&self, name: &str) -> PathBuf {
        self.root.join("events").join(name)
    }

    /// A path in the repository, as it is shown.
    pub(crate) fn shown<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn functions(template: &str) -> Result<Vec<Function>> {
    let template: Template = serde_saphyr::from_str(template).map_err(|error| format!("template.yaml: {error}"))?;
    let globals = &template.globals.function.environment.variables;
    let mut functions = Vec::new();
    for (resource, Resource { kind, properties }) in template.resources {
        if kind != "AWS::Serverless::Function" {
            continue;
        }
        let folder = properties.code_uri.as_deref().and_then(|uri| uri.strip_prefix("functions/"));
        let name = folder.ok_or_else(|| format!("{resource}'s CodeUri is not functions/<name>"))?.to_owned();
        let own = properties.environment.variables;
        let variables = globals.keys().chain(own.keys().filter(|name| !globals.contains_key(*name)));
        functions.push(Function { name, resource, variables: variables.cloned().collect() });
    }
    Ok(functions)
}

/// What is read of the template here; `local::template` reads the routes and the table.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    #[serde(default)]
    globals: Globals,
    resources: BTreeMap<String, Resource>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Globals {
    function: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Properties {
    code_uri: Option<String>,
    environment: Environment,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_the_variables_of_all_and_its_own() {
        let template = "
Globals: { Function: { Environment: { Variables: { ISSUER: !Ref Issuer, TABLE_NAME: !Ref Table } } } }
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: { BillingMode: PAY_PER_REQUEST } }
  Entry:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: functions/entry, Environment: { Variables: { ISSUER: other, MAIL: !Sub 'x${Y}' } } }
";
        let functions = functions(template).unwrap();
        let [Function { name, resource, variables }] = &functions[..] else { panic!("one function") };
        assert_eq!((name.as_str(), resource.as_str()), ("entry", "Entry"));
        assert_eq!(variables, &["ISSUER", "TABLE_NAME", "MAIL"]);
    }

    #[test]
    fn the_story_is_about_functions_of_the_template() {
        let project = Project::load().unwrap();
        let functions = project.functions().unwrap();
        for scene in project.story().unwrap() {
            assert!(functions.iter().any(|function| function.name == scene.function), "{scene:?}");
            assert!(project.event(&scene.event).exists(), "{scene:?}");
        }
    }
}
