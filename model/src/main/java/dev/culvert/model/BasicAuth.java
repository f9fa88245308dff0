package dev.culvert.model;

/// Names and passwords that visitors must know (RFC 7617).
///
/// @param usersFile a file of `name:hash` lines, with bcrypt or argon2id
/// @param realm what browsers show, without quotes
/// @param forward whether the target gets to see the credentials
public record BasicAuth(String usersFile, String realm, boolean forward) {
    public static final String DEFAULT_REALM = "restricted";
}
