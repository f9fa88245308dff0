package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// What an HTTP service does with requests.
///
/// @param match which of them are its own
/// @param rewritePrefix what stands in the place of the matched path prefix at the target; null leaves it
/// @param redirect where visitors are sent, in place of a target
/// @param request changes to requests, before the target gets them
/// @param response changes to responses, before the visitor gets them
/// @param maintenance [#MAINTENANCE] for a plain page, or the file of one; null while it serves
/// @param maxBody most bytes of a request's body, 0 for any
/// @param responseSeconds how long a target that has the whole request may say nothing
public record HttpSettings(
        RequestMatch match,
        @Nullable String rewritePrefix,
        @Nullable Redirect redirect,
        HeaderEdit request,
        HeaderEdit response,
        @Nullable String maintenance,
        long maxBody,
        int responseSeconds) {
    /// As long as browsers wait: servers put uploads together before they say a word.
    public static final int DEFAULT_RESPONSE_SECONDS = 300;

    /// In the place of a file.
    public static final String MAINTENANCE = "true";

    public static final HttpSettings DEFAULT = new HttpSettings(
            RequestMatch.ANY, null, null, HeaderEdit.NONE, HeaderEdit.NONE, null, 0, DEFAULT_RESPONSE_SECONDS);

    /// The target for a service that took the request by `prefix`; the same string where nothing is rewritten.
    ///
    /// @param target in normal form, and below `prefix`
    public String rewrite(String prefix, String target) {
        String replacement = rewritePrefix;
        if (replacement == null || !target.startsWith("/")) {
            return target;
        }
        String rest = prefix.length() == 1 ? target : target.substring(prefix.length());
        if (replacement.length() == 1) {
            return rest.startsWith("/") ? rest : "/" + rest;
        }
        return prefix.length() == 1 && rest.equals("/") ? replacement : replacement + rest;
    }

    void settings(Settings out) {
        out.put("rewrite-prefix", rewritePrefix);
        Redirect elsewhere = redirect;
        if (elsewhere != null) {
            out.put("redirect", elsewhere.to())
                    .putUnless("redirect-status", Redirect.DEFAULT_STATUS, elsewhere.status());
        }
        out.put("maintenance", maintenance)
                .putUnless("max-body", "0", ByteSize.format(maxBody))
                .putUnless("response-timeout", DEFAULT_RESPONSE_SECONDS, responseSeconds);
        edit("headers.request.", request, out);
        edit("headers.response.", response, out);
    }

    private static void edit(String section, HeaderEdit edit, Settings out) {
        out.putAll(section + "set", edit.set())
                .putAll(section + "add", edit.add())
                .putAll(section + "remove", edit.remove());
    }
}
