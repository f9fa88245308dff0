/// What tests of the program use: the snippets of the documents.
@NullMarked
package dev.culvert.app.testing;

import org.jspecify.annotations.NullMarked;
