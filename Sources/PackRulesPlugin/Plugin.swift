import Foundation
import PackagePlugin

/// Runs `PackRules` over the files of `Rules/` and compiles what it writes into the target.
@main
struct PackRulesPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = context.package.directoryURL.appending(path: "Rules")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "toml" }
      .sorted { $0.path < $1.path }
    let output = context.pluginWorkDirectoryURL.appending(path: "PackedRules.swift")
    return [
      .buildCommand(
        displayName: "Checking and packing \(files.count) rule files",
        executable: try context.tool(named: "PackRules").url,
        arguments: [output.path] + files.map(\.path),
        inputFiles: files,
        outputFiles: [output])
    ]
  }
}
