//! The beginning of every request, up to the point where an upload would be read.

use session::{Client, User};
use web::outbound::Outbound;
use web::{Reply, Request};

use crate::error::Failure;
use crate::gemini::settings::Settings;
use crate::page;
use crate::route::Route;

/// What is to be done with a request.
#[derive(Debug)]
pub enum Opened {
    Reply(Reply),
    /// Read the upload and convert it.
    Convert {
        user: User,
        settings: Settings,
    },
}

/// Decides. Nothing of a body has been read by then: who is not signed in uploads nothing.
pub async fn open<O: Outbound>(
    request: &Request,
    auth: &Client<O>,
    settings: Result<Settings, &'static str>,
) -> Opened {
    match web::route::find::<Route>(request, "/ocr", &page::ASSETS) {
        Err(reply) => Opened::Reply(*reply),
        Ok(Route::Ocr) if request.is_get() => Opened::Reply(show_form(request, auth, settings).await),
        Ok(Route::Ocr) => match admit(request, auth, settings).await {
            Ok((user, settings)) => Opened::Convert { user, settings },
            Err(reply) => Opened::Reply(*reply),
        },
    }
}

async fn show_form<O: Outbound>(
    request: &Request,
    auth: &Client<O>,
    settings: Result<Settings, &'static str>,
) -> Reply {
    match auth.verify(&request.headers).await {
        Err(denied) => page::turned_away(request, &denied.into()),
        Ok(user) => match settings {
            Ok(_) => page::form(request, &user),
            Err(variable) => page::failed(request, &user, &Failure::NotConfigured(variable)),
        },
    }
}

async fn admit<O: Outbound>(
    request: &Request,
    auth: &Client<O>,
    settings: Result<Settings, &'static str>,
) -> Result<(User, Settings), Box<Reply>> {
    let user =
        auth.verify(&request.headers).await.map_err(|denied| page::turned_away(request, &denied.into()))?;
    match settings {
        Ok(settings) => Ok((user, settings)),
        Err(variable) => Err(Box::new(page::failed(request, &user, &Failure::NotConfigured(variable)))),
    }
}
