// Keys that programs of the user's make, set, try and end: values go in by standard input and come out by standard output,
// never by an argument or a variable.

internal import Formats
internal import Model
public import Posix
public import Secrets
internal import Transport

/// Runs a program of trusted configuration: its words, variables, the milliseconds it may take, and its input.
public typealias ProgramRunner =
  @Sendable (_ command: [String], _ variables: [String: String], _ timeoutMs: Int64, _ input: Secret)
  throws(SystemError)
  -> Completion

/// A service behind programs.
///
/// Input is one line per value, each ended by a newline: `verify`, `make` and `end` are given the value at hand, `set` the
/// old one and the new one. `make` writes the new value on its first line and may write its id on the second; `list` writes
/// an id, a tab and a reference on each line. Status 0 is success. For `verify`, 1 says that the value is refused and
/// anything else says nothing. For what changes something, 1 to 63 say that nothing was changed; anything else, a signal or
/// the time's end leave that open.
struct CommandService: KeyService {
  let programs: [ProgramRole: [String]]
  let timeoutMs: Int64
  let clock: any WallClock
  let runner: ProgramRunner

  init(_ settings: ServiceSettings?, clock: any WallClock, runner: @escaping ProgramRunner) {
    programs = settings?.programs ?? [:]
    timeoutMs = settings?.programTimeoutMs ?? 60_000
    self.clock = clock
    self.runner = runner
  }

  var provesKeyID: Bool { false }

  private func program(_ role: CallRole) -> [String]? {
    let name: ProgramRole? =
      switch role {
      case .verify: .verify
      case .list: .list
      case .create: .make
      case .regenerate: programs[.set] != nil ? .set : .make
      case .revoke: .end
      case .disable, .read, .lastUsed: nil
      }
    return name.flatMap { programs[$0] }.flatMap { $0.isEmpty ? nil : $0 }
  }

  func has(_ role: CallRole) -> Bool { program(role) != nil }

  func describe(_ role: CallRole, _ context: CallContext) -> String {
    program(role).map { "run \($0.joined(separator: " "))" } ?? "no program to \(role.rawValue)"
  }

  func probe(_ secret: Secret, _ context: CallContext) -> Probe {
    let asked = describe(.verify, context)
    func probe(_ liveness: Liveness, _ words: String) -> Probe {
      Probe(liveness: liveness, evidence: "\(asked): \(words)", timeMs: clock.now())
    }
    do throws(TransportError) {
      let completion = try run(.verify, [secret], context)
      switch completion.ending {
      case .exited(0) where completion.isSuccess: return probe(.live, "it ended with status 0: the value works")
      case .exited(1) where !completion.isOverdue && !completion.isCancelled:
        return probe(.dead, "it ended with status 1: the value is refused")
      default: return probe(.unknown, CommandService.words(completion))
      }
    } catch {
      return probe(.unknown, error.reason)
    }
  }

  func perform(
    _ role: CallRole, authorization: Secret, _ context: CallContext
  ) throws(TransportError) -> HTTPResponse {
    var values: [Secret] = [authorization]
    if role == .revoke { values = [context.endedSecret ?? authorization] }
    if role == .regenerate, programs[.set] != nil {
      guard let new = context.newSecret else {
        throw TransportError(fate: .notSent, reason: "there is no new value to set")
      }
      values.append(new)
    }
    let completion = try run(role, values, context)
    let output = Secret(completion.output)
    if completion.isSuccess { return HTTPResponse(status: 200, headers: [], body: output) }
    if case .exited(1...63) = completion.ending, !completion.isOverdue, !completion.isCancelled {
      return HTTPResponse(status: 403, headers: [], body: output)
    }
    throw TransportError(
      fate: .unknown, reason: "\(describe(role, context)): \(CommandService.words(completion))",
      partial: HTTPResponse(status: 200, headers: [], body: output))
  }

  func judge(
    _ role: CallRole, status: Int, headers: [(name: String, value: String)], body: Secret
  ) -> Verdict {
    guard status == 200 else { return .refused("the program says that nothing was changed") }
    if has(role), program(role) == programs[.make], (try? newKey(role, body: body)) == nil {
      return .unclear("the program ended well and wrote no value")
    }
    return .success
  }

  func newKey(_ role: CallRole, body: Secret) throws(ProviderError) -> NewKey {
    var bytes = body.copyBytes()
    defer { wipe(&bytes) }
    let lines = bytes.split(separator: 0x0a, maxSplits: 2, omittingEmptySubsequences: false)
    let first = lines.first.map { $0.last == 0x0d ? $0.dropLast() : $0 } ?? []
    let value = Secret(Array(first))
    guard value.count > 0, value.withBytes({ ProviderClient.isPrintable($0) }) else {
      throw ProviderError(
        reason: "the program did not write a key on its first line: one line, without spaces and control characters",
        hint: "what it wrote is kept", fate: .unknown)
    }
    let second = lines.count > 1 ? String(decoding: lines[1].prefix(256), as: UTF8.self) : ""
    let id = second.filter { $0.isASCII && !$0.isWhitespace }
    return NewKey(value: value, keyID: id.isEmpty || value.isInside(Array(id.utf8)) ? nil : id)
  }

  /// What a program wrote before something ended it: a line counts when it is whole.
  func newKey(_ role: CallRole, status: Int, partialBody body: Secret) -> NewKey? {
    guard body.withBytes({ bytes in (0..<bytes.count).contains { bytes[$0] == 0x0a } }) else { return nil }
    return try? newKey(role, body: body)
  }

  func list(authorization: Secret, _ context: CallContext) throws(ProviderError) -> [ListedKey] {
    let completion: Completion
    do { completion = try run(.list, [authorization], context) } catch {
      throw ProviderError(reason: "the keys could not be listed: \(error.reason)", fate: error.fate)
    }
    guard completion.isSuccess, !completion.isTruncated else {
      throw ProviderError(
        reason: "the keys could not be listed: \(describe(.list, context)): \(CommandService.words(completion))",
        fate: .unknown)
    }
    return completion.output.split(separator: 0x0a).prefix(ProviderClient.maximumListedKeys).compactMap { line in
      guard !authorization.isInside(Array(line)) else { return nil }
      let parts = String(decoding: line, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
      guard let id = parts.first, !id.isEmpty else { return nil }
      return ListedKey(keyID: String(id), reference: parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil)
    }
  }

  func read(authorization: Secret, _ context: CallContext) throws(ProviderError) -> CurrentKey {
    throw ProviderError(reason: "no program reads keys again")
  }

  // MARK: -

  private func run(_ role: CallRole, _ values: [Secret], _ context: CallContext) throws(TransportError) -> Completion {
    guard let program = program(role) else {
      throw TransportError(fate: .notSent, reason: "configuration names no program to \(role.rawValue)")
    }
    var input: [UInt8] = []
    input.reserveCapacity(values.reduce(0) { $0 + $1.count + 1 })
    defer { wipe(&input) }
    for value in values {
      let isLine = value.withBytes { bytes in
        for index in 0..<bytes.count {
          if bytes[index] == 0x0a || bytes[index] == 0 { return false }
          input.append(bytes[index])
        }
        return true
      }
      guard isLine else {
        throw TransportError(fate: .notSent, reason: "a value of several lines can't be given to a program")
      }
      input.append(0x0a)
    }
    let variables = [
      "KEYWRIGHT_ACTION": role.rawValue, "KEYWRIGHT_KEY_ID": context.keyID ?? "",
      "KEYWRIGHT_REFERENCE": context.reference ?? "", "KEYWRIGHT_ACCOUNT": context.account ?? "",
    ]
    do throws(SystemError) { return try runner(program, variables, timeoutMs, Secret(input)) } catch {
      throw TransportError(fate: .notSent, reason: "\(program[0]) could not be run: \(error.reason)")
    }
  }

  private static func words(_ completion: Completion) -> String {
    if completion.isOverdue { return "it took too long" }
    if completion.isCancelled { return "it was interrupted" }
    switch completion.ending {
    case .exited(let status): return "it ended with status \(status)"
    case .signalled(let number): return "signal \(number) ended it"
    }
  }
}
