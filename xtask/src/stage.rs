//! The stage on which binaries are tried: a whole local site, for its table and the state that the story needs, and
//! the environment in which AWS would run them.

use std::collections::HashMap;

use local::site::{Options, Site, Storage};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::Result;
use crate::project::{Function, Project, Scene};

/// The issuer that the events were sent to.
const ISSUER: &str = "https://id.example.org";

/// A local site, whose table the binaries share.
pub(crate) struct Stage {
    site: Site,
}

impl Stage {
    /// A fresh one: signing keys, and nothing else.
    pub(crate) async fn set() -> Result<Self> {
        let options = Options { issuer: Some(ISSUER.to_owned()), ..Options::new(Storage::Memory) };
        Ok(Self { site: Site::start(options).await? })
    }

    /// The table's endpoint.
    pub(crate) fn endpoint(&self) -> Result<&str> {
        Ok(self.site.table().ok_or("the site has no table of its own")?.endpoint())
    }

    /// The environment of a function: what the template gives it, and what Lambda does.
    pub(crate) fn environment(&self, function: &Function, endpoint: &str) -> Result<HashMap<String, String>> {
        let declared = function.variables.iter().map(|name| Ok((name.clone(), self.variable(name)?)));
        let mut environment: HashMap<_, _> = declared.collect::<Result<_>>()?;
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        Ok(environment)
    }

    /// What a variable of the template is here.
    fn variable(&self, name: &str) -> Result<String> {
        let config = &self.site.app().config;
        Ok(match name {
            "ISSUER" => config.issuer.to_string(),
            "TABLE_NAME" => config.table.clone(),
            "SECRET_KEY" => {
                let keys: Vec<_> = config.secret_keys.iter().map(|key| key.expose_secret()).collect();
                keys.join(",")
            }
            "METRICS_NAMESPACE" => "bangumoe".to_owned(),
            "REGISTRATION" => "open".to_owned(),
            "MAIL_FROM" | "PROVIDERS" | "REGISTRATION_TOKEN" => String::new(),
            "CLIENT_ID_DOCUMENTS" => config.client_id_documents.to_string(),
            "SECRET_REVISION" => "1".to_owned(),
            _ => return Err(format!("template.yaml declares {name}: say in xtask/src/stage.rs what it is here").into()),
        })
    }

    /// Plays a scene in this process, as the local site would.
    pub(crate) async fn play(&self, project: &Project, scene: &Scene) -> Result<()> {
        scene.judge(&self.perform(project, scene).await?)
    }

    /// Plays a scene whatever its answer, and returns that one's status; `null` where there is none.
    pub(crate) async fn answer(&self, project: &Project, scene: &Scene) -> Result<Value> {
        Ok(status(&self.perform(project, scene).await?))
    }

    async fn perform(&self, project: &Project, scene: &Scene) -> Result<Value> {
        let Some((_, router)) = local::functions::routers().into_iter().find(|(name, _)| *name == scene.function)
        else {
            self.site.run_scheduled(&scene.function).await?;
            return Ok(Value::Null);
        };
        let event = std::fs::read(project.event(&scene.event))?;
        shared::lambda::invoke(&scene.function, &router.with_state(self.site.app().clone()), &event).await
    }
}

/// The status of an answer, or `null`.
pub(crate) fn status(answer: &Value) -> Value {
    answer.get("statusCode").cloned().unwrap_or_default()
}

impl Scene {
    /// Whether the answer is the one that the story tells.
    pub(crate) fn judge(&self, answer: &Value) -> Result<()> {
        let is_right = match self.status {
            Some(status) => answer.get("statusCode").and_then(Value::as_u64) == Some(u64::from(status)),
            None => answer.is_null(),
        };
        if is_right { Ok(()) } else { Err(format!("{}: {answer}", self.event).into()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn every_variable_of_the_template_is_something_here() {
        let (project, stage) = (Project::load().unwrap(), Stage::set().await.unwrap());
        for function in project.functions().unwrap() {
            let environment = stage.environment(&function, stage.endpoint().unwrap()).unwrap();
            assert!(environment.contains_key("ISSUER") && environment.contains_key("AWS_REGION"));
        }
    }

    #[tokio::test]
    async fn the_story_can_be_told() {
        let (project, stage) = (Project::load().unwrap(), Stage::set().await.unwrap());
        for scene in project.story().unwrap() {
            stage.play(&project, &scene).await.unwrap();
        }
    }

    #[test]
    fn an_answer_is_right_by_its_status_and_a_schedules_by_its_silence() {
        let scene = |status| Scene { event: "a.json".to_owned(), function: "a".to_owned(), status };
        assert!(scene(Some(200)).judge(&json!({ "statusCode": 200 })).is_ok());
        assert!(scene(Some(200)).judge(&json!({ "statusCode": 500 })).is_err());
        let crashed = json!({ "errorType": "Runtime.ExitError" });
        assert!(scene(Some(200)).judge(&crashed).is_err() && scene(None).judge(&crashed).is_err());
        assert!(scene(None).judge(&Value::Null).is_ok());
    }
}
