//! The aggregate over HTTP.

use axum::{
    Json as Answered,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use dekigoto::{Answer, CommandError};
use dekigoto_http::*;
use serde::Serialize;
use uuid::Uuid;

use super::{__Name__, Command, Refusal};

pub fn routes(routes: Routes) -> Routes {
    routes.post("/v1/__name__", create).post("/v1/__name__/{id}/rename", rename)
}

struct Title(String);

impl Body for Title {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.text("title").map(Self)
    }
}

#[derive(Serialize)]
struct Done {
    id: Uuid,
    version: u64,
}

async fn create(
    State(app): State<App>,
    StaffCall(call): StaffCall<String>,
    Json(Title(title)): Json<Title>,
) -> Result<Response, Problem> {
    let (id, command) = (call.new_id(), Command::Create { title });
    let answer = app.engine().create::<__Name__>(&id, command, &call.context(&app)).await;
    done(&call, id, answer, StatusCode::CREATED)
}

async fn rename(
    State(app): State<App>,
    StaffCall(call): StaffCall<String>,
    PathId(id): PathId<Uuid>,
    Json(Title(title)): Json<Title>,
) -> Result<Response, Problem> {
    let (command, context) = (Command::Rename { title }, call.context(&app));
    let answer = app.engine().execute::<__Name__>(&id, command, &context, call.expect).await;
    done(&call, id, answer, StatusCode::OK)
}

fn done(
    call: &Call<String>,
    id: Uuid,
    answer: Result<Answer<__Name__>, CommandError<Refusal>>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let answer = answer.map_err(|error| of_command(error, refused))?;
    let version = answer.version.map_or(0, dekigoto::Version::get);
    let body = (status, Answered(Done { id, version })).into_response();
    Ok(call.answer(answer.version, answer.replayed, body))
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::NotFound => Problem::not_found(),
        Refusal::AlreadyCreated => Problem::new(Kind::ILLEGAL_TRANSITION, "It exists already."),
    }
}
