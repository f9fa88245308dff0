/// Finds the broken hop: [Doctor] makes a list of [Check]s in the order of the way, [Examination] runs them side by
/// side.
///
/// A check looks and touches nothing. What a check can see depends on where it runs; it says so rather than guess.
@NullMarked
package dev.culvert.control.doctor;

import org.jspecify.annotations.NullMarked;
