//! The operator's commands: what failed can be given again.

use local::cli::{ClientCommand, Command, Grant, NewClient, UserCommand};

use super::people::newcomer;
use super::{Ended, fresh, told, withstands};
use tests::flow::REDIRECT;
use tests::{TestSite, Value, json};

/// Tries the command that `command` makes of an application's id and somebody's name, and checks what it answers.
async fn tries(site: &TestSite, command: impl Fn(&str, &str) -> Command, done: impl Fn(&Value) -> bool) {
    let prepare = async || (site.client().await.id, newcomer(site, &fresh("sakura")).await.user.username);
    let run = async |(id, name): &(String, String)| told(site.try_to_operate(command(id, name)).await);
    let after = async |them: &(String, String), ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(them)).await;
        assert!(done(&reply.json()), "{case}: {}", reply.body);
    };
    withstands(site, "a command", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_command_that_met_a_failing_table_can_be_given_again() {
    let site = TestSite::start().await;
    let new = || NewClient {
        name: "Anime Diary".to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
        grants: vec![Grant::AuthorizationCode],
        public: false,
        scopes: vec![],
        dialects: vec![],
    };
    let has = |grant: &'static str| {
        move |told: &Value| told["grant_types"].as_array().is_some_and(|grants| grants.contains(&json!(grant)))
    };
    tries(&site, |_, _| Command::Client(ClientCommand::Create(new())), |told| told["client_secret"].is_string()).await;
    tries(&site, |_, _| Command::Client(ClientCommand::List), |told| told[0]["client_id"].is_string()).await;
    let allow = |id: &str, _: &str| Command::Client(ClientCommand::Allow { id: id.to_owned(), grant: Grant::Password });
    tries(&site, allow, has("password")).await;
    let disable = |id: &str, _: &str| Command::Client(ClientCommand::Disable { id: id.to_owned() });
    tries(&site, disable, |told| told["disabled"] == true).await;
    let disable = |_: &str, name: &str| Command::User(UserCommand::Disable { user: name.to_owned() });
    tries(&site, disable, |told| told["status"] == "disabled").await;
}
