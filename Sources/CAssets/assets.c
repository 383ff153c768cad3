// The files of the pages, in the program. As arrays of Swift's own, which is what SwiftPM's embedInCode makes of them, they are slow to
// compile: the interface of the module Console alone took 29 s of a processor.
#include "CAssets.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define FILE(name, array) {name, array, sizeof array}

static const unsigned char console_account_js[] = {
#embed "../Console/Assets/account.js"
};
static const unsigned char console_add_js[] = {
#embed "../Console/Assets/add.js"
};
static const unsigned char console_api_js[] = {
#embed "../Console/Assets/api.js"
};
static const unsigned char console_app_js[] = {
#embed "../Console/Assets/app.js"
};
static const unsigned char console_audit_js[] = {
#embed "../Console/Assets/audit.js"
};
static const unsigned char console_cameras_js[] = {
#embed "../Console/Assets/cameras.js"
};
static const unsigned char console_canvas_js[] = {
#embed "../Console/Assets/canvas.js"
};
static const unsigned char console_dialog_js[] = {
#embed "../Console/Assets/dialog.js"
};
static const unsigned char console_health_js[] = {
#embed "../Console/Assets/health.js"
};
static const unsigned char console_i18n_js[] = {
#embed "../Console/Assets/i18n.js"
};
static const unsigned char console_icon_svg[] = {
#embed "../Console/Assets/icon.svg"
};
static const unsigned char console_incidents_js[] = {
#embed "../Console/Assets/incidents.js"
};
static const unsigned char console_picture_js[] = {
#embed "../Console/Assets/picture.js"
};
static const unsigned char console_shell_html[] = {
#embed "../Console/Assets/shell.html"
};
static const unsigned char console_sign_js[] = {
#embed "../Console/Assets/sign.js"
};
static const unsigned char console_sketch_js[] = {
#embed "../Console/Assets/sketch.js"
};
static const unsigned char console_style_css[] = {
#embed "../Console/Assets/style.css"
};
static const unsigned char console_texts_js[] = {
#embed "../Console/Assets/texts.js"
};
static const unsigned char console_ui_js[] = {
#embed "../Console/Assets/ui.js"
};
static const unsigned char console_users_js[] = {
#embed "../Console/Assets/users.js"
};
static const unsigned char console_versions_js[] = {
#embed "../Console/Assets/versions.js"
};
static const unsigned char console_zones_js[] = {
#embed "../Console/Assets/zones.js"
};

static const unsigned char centre_case_js[] = {
#embed "../Centre/Assets/case.js"
};
static const unsigned char centre_centre_css[] = {
#embed "../Centre/Assets/centre.css"
};
static const unsigned char centre_centre_html[] = {
#embed "../Centre/Assets/centre.html"
};
static const unsigned char centre_centre_js[] = {
#embed "../Centre/Assets/centre.js"
};
static const unsigned char centre_deliveries_js[] = {
#embed "../Centre/Assets/deliveries.js"
};
static const unsigned char centre_list_js[] = {
#embed "../Centre/Assets/list.js"
};
static const unsigned char centre_screen_js[] = {
#embed "../Centre/Assets/screen.js"
};
static const unsigned char centre_sites_js[] = {
#embed "../Centre/Assets/sites.js"
};
static const unsigned char centre_words_js[] = {
#embed "../Centre/Assets/words.js"
};

static const struct asset console[] = {
    FILE("account.js", console_account_js),
    FILE("add.js", console_add_js),
    FILE("api.js", console_api_js),
    FILE("app.js", console_app_js),
    FILE("audit.js", console_audit_js),
    FILE("cameras.js", console_cameras_js),
    FILE("canvas.js", console_canvas_js),
    FILE("dialog.js", console_dialog_js),
    FILE("health.js", console_health_js),
    FILE("i18n.js", console_i18n_js),
    FILE("icon.svg", console_icon_svg),
    FILE("incidents.js", console_incidents_js),
    FILE("picture.js", console_picture_js),
    FILE("shell.html", console_shell_html),
    FILE("sign.js", console_sign_js),
    FILE("sketch.js", console_sketch_js),
    FILE("style.css", console_style_css),
    FILE("texts.js", console_texts_js),
    FILE("ui.js", console_ui_js),
    FILE("users.js", console_users_js),
    FILE("versions.js", console_versions_js),
    FILE("zones.js", console_zones_js),
};

static const struct asset centre[] = {
    FILE("case.js", centre_case_js),
    FILE("centre.css", centre_centre_css),
    FILE("centre.html", centre_centre_html),
    FILE("centre.js", centre_centre_js),
    FILE("deliveries.js", centre_deliveries_js),
    FILE("list.js", centre_list_js),
    FILE("screen.js", centre_screen_js),
    FILE("sites.js", centre_sites_js),
    FILE("words.js", centre_words_js),
};

const struct asset *assets_of_console(size_t *count) {
    *count = sizeof console / sizeof *console;
    return console;
}

const struct asset *assets_of_centre(size_t *count) {
    *count = sizeof centre / sizeof *centre;
    return centre;
}
