//! The whole document, written: all operations, and what they have in common.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Server,
};

use super::{ABOUT, TAGS, all_told, operation, plain, problem};
use crate::config::Config;
use crate::web::cookies::{self, Purpose};
use crate::web::routes;

/// Of the API, not of the program: that is nobody's business (ASVS 13.4.6).
const VERSION: &str = "1";

/// For this instance.
pub(super) fn document(config: &Config) -> OpenApi {
    let (mut paths, mut components) = (Paths::new(), ComponentsBuilder::new());
    let told = all_told();
    for (path, lines) in routes::lines() {
        for lines in lines.chunk_by(|one, other| one.method == other.method) {
            let told = told.iter().find(|told| told.is_of(path, &lines[0].method));
            let path = plain(path);
            let (operation, models) = operation::of(&path, lines, told);
            paths.add_path_operation(&path, vec![operation::method(&lines[0].method)], operation);
            components = components.schemas_from_iter(models);
        }
    }
    for (name, response) in problem::responses() {
        components = components.response(name, response);
    }
    let components = components.schemas_from_iter(problem::models());
    let info = InfoBuilder::new()
        .title(config.server.name.clone())
        .version(VERSION)
        .description(Some(ABOUT))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build(),
        ));
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new(config.public_url())]))
        .tags(Some(TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build())))
        .paths(paths)
        .components(Some(secured(components, config).build()))
        .build()
}

/// By what somebody may say who they are.
fn secured(components: ComponentsBuilder, config: &Config) -> ComponentsBuilder {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "The `token` of a sign-in, in `Authorization: Bearer`; where programs may read, an API key (`vst_…`) in its \
             place.",
        ));
    let cookie = cookies::name(Purpose::Token, config.is_https());
    let cookie =
        ApiKeyValue::with_description(cookie, "What a browser gets when somebody signs in on a page.");
    components
        .security_scheme(operation::BEARER, SecurityScheme::Http(bearer.build()))
        .security_scheme(operation::COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
}
