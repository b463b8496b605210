// TEMPORARY, NOT COMMITTED
internal import ArgumentParser

struct KeysCommand: ParsableCommand { static let configuration = CommandConfiguration(commandName: "keys") }
