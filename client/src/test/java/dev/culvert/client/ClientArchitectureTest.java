package dev.culvert.client;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// The library stays small enough to be embedded; that the program has no need of it, its poms say.
final class ClientArchitectureTest {
    @Test
    void client_needsProtoAndTheJdkOnly() {
        classes()
                .that()
                .resideInAPackage("dev.culvert.client..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "java..", "javax.net..", "org.jspecify..", "dev.culvert.proto..", "dev.culvert.client.."))
                .check(new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("dev.culvert.client"));
    }
}
