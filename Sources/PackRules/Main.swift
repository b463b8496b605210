import Foundation

@main
enum Program {
  static func main() throws {
    try "// placeholder\n".write(toFile: CommandLine.arguments[1], atomically: true, encoding: .utf8)
  }
}
