package dev.culvert.model;

import java.util.List;
import java.util.Map;

/// A part of the [Model] that a reload can add, remove or change by itself.
public sealed interface Entry
        permits Arrivals, Listener, Service, Site, GatewayPeer, Observation, SiteRules, AcmeSettings, HttpsSettings {
    /// What it is and its name, for people: `service photos`, `listener public 80`.
    String label();

    /// Its settings in the words of the configuration, in the file's order; a dot leads into a nested section, and a
    /// setting that stands at its default is left out.
    Map<String, List<String>> settings();
}
