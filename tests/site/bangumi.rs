//! The stand-in for Bangumi, asked by the client that asks the real one: it answers as the published description says, and
//! has the real one's ways.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use local::fakes::Control;
use local::fakes::bangumi::World;
use secrecy::SecretString;
use shared::app::App;
use shared::bangumi::Modify;
use tests::TestSite;

mod client;
mod quirks;
mod shapes;

/// A site, and somebody's token at Bangumi.
struct Bench {
    site: TestSite,
    token: SecretString,
}

impl Bench {
    async fn start() -> Self {
        let site = TestSite::start().await;
        let token = site.site.fakes().unwrap().bangumi_token("sakura", 604_800).unwrap();
        Self { site, token }
    }

    fn app(&self) -> &App {
        self.site.site.app()
    }

    fn control(&self) -> &Control {
        self.site.site.fakes().unwrap().control()
    }

    fn world(&self) -> &World {
        self.control().bangumi()
    }

    /// `sakura`, on the web.
    fn edit(&self, subject: u32, kind: u8) {
        self.world().edit("sakura", subject, &Modify { kind: Some(kind), ..Modify::default() });
    }
}
