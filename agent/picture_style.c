/* picture_style: one accent for each state, told apart without colour vision (blue, vermilion,
 * grey, purple; and by marks and dashes), in light and dark. No variables: not every viewer of SVG
 * knows them. */
#include "agent/picture.h"

static const struct {
    const char *selector, *property, *light, *dark;
} colors[] = {
    {".paper", "fill", "#ffffff", "#10151c"},
    {".t,.b,.m,.h", "fill", "#17212d", "#e8edf3"},
    {".s,.ms", "fill", "#535f6c", "#a8b3c0"},
    {".card", "fill", "#f5f7f9", "#182029"},
    {".card", "stroke", "#d9dfe6", "#2c3742"},
    {".rule", "stroke", "#d9dfe6", "#2c3742"},
    {".grid", "stroke", "#e6eaef", "#232c36"},
    {".tick", "stroke", "#ffffff", "#10151c"},
    {".goal", "stroke", "#17212d", "#e8edf3"},
    {".f-none", "fill", "#77828d", "#7f8b97"},
    {".f-same,.c-same", "fill", "#0a5fb4", "#74b3f7"},
    {".f-diff,.c-diff", "fill", "#b3370b", "#ff9466"},
    {".f-unkn,.c-unkn", "fill", "#5f6a76", "#9ba7b3"},
    {".f-earl,.c-earl", "fill", "#7437ab", "#c9a0f3"},
    {".l-none", "stroke", "#aeb7c0", "#56626e"},
    {".l-same,.o-same", "stroke", "#0a5fb4", "#74b3f7"},
    {".l-diff,.o-diff", "stroke", "#b3370b", "#ff9466"},
    {".l-unkn,.o-unkn", "stroke", "#828d98", "#75818d"},
    {".l-earl,.o-earl", "stroke", "#7437ab", "#c9a0f3"},
    {".o-none", "stroke", "#d9dfe6", "#2c3742"},
    {".o-none", "fill", "#ffffff", "#10151c"},
    {".o-same", "fill", "#eaf2fb", "#142638"},
    {".o-diff", "fill", "#fdeee8", "#371c12"},
    {".o-unkn", "fill", "#f2f4f6", "#1b232c"},
    {".o-earl", "fill", "#f4edfb", "#271b36"},
    {"body", "background", "#ffffff", "#10151c"},
    {"body", "color", "#17212d", "#e8edf3"},
    {".lead,.facts dt,caption,th,summary,.absent", "color", "#535f6c", "#a8b3c0"},
    {".cause,.facts,pre", "background", "#f5f7f9", "#182029"},
    {".cause,.facts,pre,td,th,section,header", "border-color", "#d9dfe6", "#2c3742"},
    {".h-same", "color", "#0a5fb4", "#74b3f7"},
    {".h-diff", "color", "#b3370b", "#ff9466"},
    {".h-unkn,.h-none", "color", "#5f6a76", "#9ba7b3"},
    {"a", "color", "#0a5fb4", "#74b3f7"},
};

static const char shapes[] =
    "text{font-family:system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}"
    ".t{font-size:13px}.b{font-size:14px;font-weight:650}.h{font-size:20px;font-weight:700}"
    ".s{font-size:11px}.m{font-size:12px}.ms{font-size:11px}"
    ".m,.ms{font-family:ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}"
    ".end{text-anchor:end}.mid{text-anchor:middle}"
    ".rule,.grid,.card,.o-none,.o-same,.o-diff,.o-unkn,.o-earl{stroke-width:1}"
    ".l-none,.l-same,.l-diff,.l-unkn,.l-earl{stroke-width:2;fill:none}"
    ".goal{stroke-width:2.5}"
    ".tick{stroke-width:1.8;fill:none;stroke-linecap:round;stroke-linejoin:round}"
    ".dash{stroke-dasharray:5 4}.fine{stroke-dasharray:2 2}";

static const char page_style[] =
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}"
    "body{margin:0;font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;"
    "overflow-wrap:anywhere}"
    "main{max-width:1016px;margin:0 auto;padding:40px 24px 64px}"
    "header{border-bottom:1px solid;padding-bottom:28px;margin-bottom:12px}"
    "h1{font-size:30px;line-height:1.2;letter-spacing:-.015em;margin:0 0 8px}"
    "h2{font-size:21px;line-height:1.3;letter-spacing:-.01em;margin:0 0 4px}"
    "h3{font-size:15px;margin:0 0 4px}"
    "p{margin:0 0 12px}.lead{max-width:68ch}.eyebrow{font-size:13px;margin-bottom:6px}"
    ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px 24px;"
    "margin:20px 0 0;padding:16px 20px;border:1px solid;border-radius:8px}"
    ".facts dt{font-size:12px}.facts dd{margin:0;font-size:15px}"
    ".cause{border:1px solid;border-left-width:4px;border-radius:8px;padding:14px 20px;"
    "margin:16px 0 0}.cause p:last-child{margin-bottom:0}.cause code,pre{font-size:13px}"
    "code,pre,.hex{font-family:ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}"
    "pre{white-space:pre-wrap;padding:10px 14px;border:1px solid;border-radius:6px;margin:8px 0 0}"
    "nav{font-size:14px;margin-top:20px}nav a{margin-right:18px;white-space:nowrap}"
    "section{padding:36px 0 12px}section+section{border-top-width:1px;border-top-style:solid}"
    "figure{margin:16px 0 12px}figure svg{display:block;width:100%;height:auto}"
    ".narrow{display:none;max-width:520px;margin:0 auto}"
    "details{margin:4px 0 20px}summary{cursor:pointer;font-size:14px;padding:4px 0}"
    "table{border-collapse:collapse;width:100%;font-size:12px;line-height:1.4;margin:8px 0 20px}"
    "caption{text-align:left;font-size:13px;padding:6px 0}"
    "th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid}"
    "th{font-weight:600}"
    "@media (max-width:860px){main{padding:24px 10px 40px}h1{font-size:24px}.wide{display:none}"
    ".narrow{display:block}section{padding-top:26px}th,td{padding-right:6px}"
    "table{font-size:11px}}"
    "@media print,(min-width:861px){th,.n{white-space:nowrap}}"
    "@media print{@page{size:A4;margin:14mm}body{font-size:10.5pt}main{max-width:none;padding:0}"
    "nav{display:none}.wide{display:block}.narrow{display:none}section{padding:14px 0 4px}"
    "figure,.cause,.lead,tr,h2{break-inside:avoid}h2,.lead,caption{break-after:avoid}"
    "figure.long{break-inside:auto}svg.one{max-height:222mm}thead{display:table-header-group}"
    "summary{display:none}"
    "details::details-content{display:block;content-visibility:visible;height:auto}"
    "h1{font-size:20pt}h2{font-size:14pt}table{font-size:8pt}}";

void picture_style(struct pic *p, bool page)
{
    pic_raw(p, "<style>");
    pic_raw(p, shapes);
    if (page)
        pic_raw(p, page_style);
    for (int dark = 0; dark < 2; dark++) {
        pic_raw(p, dark ? "@media screen and (prefers-color-scheme:dark){" : "");
        for (size_t i = 0; i < sizeof colors / sizeof *colors; i++)
            if (page || (strcmp(colors[i].property, "fill") == 0 ||
                         strcmp(colors[i].property, "stroke") == 0))
                pic_f(p, "%s{%s:%s}", colors[i].selector, colors[i].property,
                      dark ? colors[i].dark : colors[i].light);
        pic_raw(p, dark ? "}" : "");
    }
    pic_raw(p, page ? ":root{color-scheme:light dark}</style>\n" : "</style>\n");
}
