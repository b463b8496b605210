// What a rotation costs beyond the conversation with the service: its lock, its journal, its sealed values.

import Foundation
import Ledger
import Posix
import Secrets
import Testing

@testable import Rotation

@Suite struct OverheadTests {
  /// The journal of an ordinary rotation, written as the driver writes it; the median of many, in milliseconds.
  ///
  /// Processor time, because a busy machine makes any other meaningless; the wall-clock time is printed.
  @Test func theLedgerCostsLittle() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "keywright-overhead-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let ledger = try Ledger(directory: folder)
    let states: [RotationState] = [
      .requested, .received, .parsed, .verifiedNew, .file, .committed, .oldRevoked, .oldProvenDead, .done,
    ]
    let data = "{\"evidence\":\"\(String(repeating: "x", count: 200))\"}"
    var processor: [Double] = []
    var wall: [Double] = []
    for number in 0..<60 {
      let (cpu, clock) = (
        OverheadTests.milliseconds(CLOCK_THREAD_CPUTIME_ID), OverheadTests.milliseconds(CLOCK_MONOTONIC)
      )
      let txid = "tx\(number)"
      let lock = try ledger.lock(key: "key-\(number)")
      try ledger.rehearse("key-\(number)")
      try ledger.begin(
        RotationRecord(
          txid: txid, key: "key-\(number)", provider: "x", recoverability: "C", state: "INTENT", createdMs: 1,
          updatedMs: 1),
        LedgerStep(
          state: "INTENT", data: data, timeMs: 1, values: [("old", Secret("old-value"))],
          inventory: InventoryRecord(key: "key-\(number)", firstSeenMs: 1)), actor: "test")
      for state in states {
        let values: [(label: String, value: Secret)] =
          state == .received ? [("response", Secret(data))] : state == .parsed ? [("new", Secret("new-value"))] : []
        try ledger.append(
          LedgerStep(
            state: state.rawValue, data: data, timeMs: 2, attempt: state == .requested ? 1 : nil, values: values,
            outcome: state == .done ? "done" : nil, purges: state == .done, inventory: nil),
          to: txid, fence: 1, actor: "test")
      }
      withExtendedLifetime(lock) {}
      processor.append(OverheadTests.milliseconds(CLOCK_THREAD_CPUTIME_ID) - cpu)
      wall.append(OverheadTests.milliseconds(CLOCK_MONOTONIC) - clock)
    }
    let median = processor.sorted()[processor.count / 2]
    print(
      "ledger overhead of a rotation: \(median) ms of processor, \(wall.sorted()[wall.count / 2]) ms in all, median of 60"
    )
    // A build for debugging is several times slower than what is shipped.
    #expect(median < 25)
  }

  private static func milliseconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1_000_000
  }
}
