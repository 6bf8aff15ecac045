//! The beginning of every request, up to the point where an upload would be read.

use session::{Client, User};
use web::outbound::Outbound;
use web::{Problem, Reply, Request, cross_site};

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
    match Route::of(request) {
        Route::Page => Opened::Reply(show_form(request, auth, settings).await),
        Route::Convert => match admit(request, auth, settings).await {
            Ok((user, settings)) => Opened::Convert { user, settings },
            Err(reply) => Opened::Reply(*reply),
        },
        Route::Asset => {
            let asset = web::assets::serve(request, "/ocr", &page::ASSETS);
            Opened::Reply(asset.unwrap_or_else(|| Problem::not_found().reply(request)))
        }
        Route::WrongMethod(allow) => Opened::Reply(web::wrong_method(request, allow)),
        Route::NotFound => Opened::Reply(Problem::not_found().reply(request)),
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
    cross_site::check(request).map_err(|problem| problem.reply(request))?;
    let user =
        auth.verify(&request.headers).await.map_err(|denied| page::turned_away(request, &denied.into()))?;
    match settings {
        Ok(settings) => Ok((user, settings)),
        Err(variable) => Err(Box::new(page::failed(request, &user, &Failure::NotConfigured(variable)))),
    }
}
