//! The aggregate over HTTP.

use axum::{extract::State, http::StatusCode, response::Response};
use dekigoto_http::{
    App, Body, Fields, Json, Kind, PathId, Problem, Routes, StaffCall as Call,
};
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

async fn create(
    State(app): State<App>,
    Call(call): Call<String>,
    Json(Title(title)): Json<Title>,
) -> Result<Response, Problem> {
    let (id, command) = (call.new_id(), Command::Create { title });
    let answer = app.engine().create::<__Name__>(&id, command, &call.context(&app)).await;
    call.done::<__Name__>(&id, answer, refused, StatusCode::CREATED)
}

async fn rename(
    State(app): State<App>,
    Call(call): Call<String>,
    PathId(id): PathId<Uuid>,
    Json(Title(title)): Json<Title>,
) -> Result<Response, Problem> {
    let (command, context) = (Command::Rename { title }, call.context(&app));
    let answer = app.engine().execute::<__Name__>(&id, command, &context, call.expect).await;
    call.done::<__Name__>(&id, answer, refused, StatusCode::OK)
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::NotFound => Problem::not_found(),
        Refusal::AlreadyCreated => Problem::new(Kind::ILLEGAL_TRANSITION, "It exists already."),
    }
}
