//! Finding an anime to add.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use shared::app::App;
use shared::bangumi::FOUND;
use shared::collection::Work;
use shared::collection::work::normalised;
use shared::http::page::Frame;
use shared::http::{Incoming, Problem};
use shared::pages::{CollectionAdd, Shown};
use shared::works::{self, WorksError};

use super::{Reader, shown};

/// Characters of what is looked for.
const LONGEST: usize = 100;

pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    shown(&app, &incoming, async |reader| render(&app, &incoming, reader).await).await
}

async fn render(app: &App, incoming: &Incoming, reader: Reader) -> Result<Response, Problem> {
    let path = incoming.path_and_query();
    let frame = Frame::new(app, &reader.site, incoming, Some(&reader.user), &path);
    let (layout, params) = (frame.layout(), incoming.query_params()?);
    let typed = params.get("q").unwrap_or_default();
    let looked_for = normalised(typed);
    let m = layout.m;
    let (mut status, mut error, mut found) = (StatusCode::OK, None, None);
    if looked_for.chars().count() > LONGEST {
        (status, error) = (StatusCode::BAD_REQUEST, Some(m.error_too_long));
    } else if !looked_for.is_empty() {
        match works::search(app, &incoming.client_network(), &looked_for, 0, FOUND).await {
            Ok(hits) => {
                found =
                    Some(hits.value.works.iter().map(|work| Shown::new(work.id, Some(&Work::from(work)))).collect());
            }
            Err(WorksError::NotFound) => found = Some(Vec::new()),
            Err(WorksError::Store(error)) => return Err(error.into()),
            Err(WorksError::TooMany(_)) => (status, error) = (StatusCode::TOO_MANY_REQUESTS, Some(m.unavailable)),
            Err(WorksError::Unavailable) => (status, error) = (StatusCode::SERVICE_UNAVAILABLE, Some(m.unavailable)),
        }
    }
    Ok(frame.render_with_covers(app, status, &CollectionAdd { words: typed, found, error, layout }))
}
