//! The events of the kernel and of CPUs that have families of their own, by what `perf_event.h` calls them.

use crate::syscall::perf::Event;

/// One event.
pub(super) struct Profiler {
    /// What the flags call it.
    pub(super) name: &'static str,
    /// The end of its family's name.
    pub(super) family: &'static str,
    pub(super) help: &'static str,
    pub(super) event: Event,
}

const TYPE_HARDWARE: u32 = 0;
const TYPE_SOFTWARE: u32 = 1;
const TYPE_TRACEPOINT: u32 = 2;
const TYPE_HW_CACHE: u32 = 3;

/// The tracepoint of this number.
pub(super) const fn tracepoint(id: u64) -> Event {
    Event {
        kind: TYPE_TRACEPOINT,
        config: id,
    }
}

const fn profiler(
    name: &'static str,
    family: &'static str,
    help: &'static str,
    (kind, config): (u32, u64),
) -> Profiler {
    Profiler {
        name,
        family,
        help,
        event: Event { kind, config },
    }
}

/// `PERF_TYPE_HARDWARE`, numbers of `enum perf_hw_id`.
pub(super) const HARDWARE: &[Profiler] = &[
    profiler(
        "CpuCycles",
        "cpucycles_total",
        "Number of CPU cycles (frequency scaled)",
        (TYPE_HARDWARE, 0),
    ),
    profiler(
        "CpuInstr",
        "instructions_total",
        "Number of CPU instructions",
        (TYPE_HARDWARE, 1),
    ),
    profiler(
        "CacheRef",
        "cache_refs_total",
        "Number of cache references (non frequency scaled)",
        (TYPE_HARDWARE, 2),
    ),
    profiler(
        "CacheMisses",
        "cache_misses_total",
        "Number of cache misses",
        (TYPE_HARDWARE, 3),
    ),
    profiler(
        "BranchInstr",
        "branch_instructions_total",
        "Number of CPU branch instructions",
        (TYPE_HARDWARE, 4),
    ),
    profiler(
        "BranchMisses",
        "branch_misses_total",
        "Number of CPU branch misses",
        (TYPE_HARDWARE, 5),
    ),
    profiler(
        "StalledCyclesFrontend",
        "stalled_cycles_frontend_total",
        "Number of stalled frontend CPU cycles",
        (TYPE_HARDWARE, 7),
    ),
    profiler(
        "StalledCyclesBackend",
        "stalled_cycles_backend_total",
        "Number of stalled backend CPU cycles",
        (TYPE_HARDWARE, 8),
    ),
    profiler(
        "RefCpuCycles",
        "ref_cpucycles_total",
        "Number of CPU cycles",
        (TYPE_HARDWARE, 9),
    ),
];

/// `PERF_TYPE_SOFTWARE`, numbers of `enum perf_sw_ids`.
pub(super) const SOFTWARE: &[Profiler] = &[
    profiler(
        "PageFault",
        "page_faults_total",
        "Number of page faults",
        (TYPE_SOFTWARE, 2),
    ),
    profiler(
        "ContextSwitch",
        "context_switches_total",
        "Number of context switches",
        (TYPE_SOFTWARE, 3),
    ),
    profiler(
        "CpuMigration",
        "cpu_migrations_total",
        "Number of CPU process migrations",
        (TYPE_SOFTWARE, 4),
    ),
    profiler(
        "MinorFault",
        "minor_faults_total",
        "Number of minor page faults",
        (TYPE_SOFTWARE, 5),
    ),
    profiler(
        "MajorFault",
        "major_faults_total",
        "Number of major page faults",
        (TYPE_SOFTWARE, 6),
    ),
];

const L1D: u64 = 0;
const L1I: u64 = 1;
const LL: u64 = 2;
const DTLB: u64 = 3;
const ITLB: u64 = 4;
const BPU: u64 = 5;
const READ: u64 = 0;
const WRITE: u64 = 1;
const ACCESS: u64 = 0;
const MISS: u64 = 1;

/// An event of `PERF_TYPE_HW_CACHE`: which cache, what was asked of it, and with what result.
const fn cache(id: u64, operation: u64, result: u64) -> (u32, u64) {
    (TYPE_HW_CACHE, id | operation << 8 | result << 16)
}

/// `PERF_TYPE_HW_CACHE`.
pub(super) const CACHE: &[Profiler] = &[
    profiler(
        "L1DataReadHit",
        "cache_l1d_read_hits_total",
        "Number L1 data cache read hits",
        cache(L1D, READ, ACCESS),
    ),
    profiler(
        "L1DataReadMiss",
        "cache_l1d_read_misses_total",
        "Number L1 data cache read misses",
        cache(L1D, READ, MISS),
    ),
    profiler(
        "L1DataWriteHit",
        "cache_l1d_write_hits_total",
        "Number L1 data cache write hits",
        cache(L1D, WRITE, ACCESS),
    ),
    profiler(
        "L1InstrReadMiss",
        "cache_l1_instr_read_misses_total",
        "Number instruction L1 instruction read misses",
        cache(L1I, READ, MISS),
    ),
    profiler(
        "LLReadHit",
        "cache_ll_read_hits_total",
        "Number last level read hits",
        cache(LL, READ, ACCESS),
    ),
    profiler(
        "LLReadMiss",
        "cache_ll_read_misses_total",
        "Number last level read misses",
        cache(LL, READ, MISS),
    ),
    profiler(
        "LLWriteHit",
        "cache_ll_write_hits_total",
        "Number last level write hits",
        cache(LL, WRITE, ACCESS),
    ),
    profiler(
        "LLWriteMiss",
        "cache_ll_write_misses_total",
        "Number last level write misses",
        cache(LL, WRITE, MISS),
    ),
    profiler(
        "DataTLBReadHit",
        "cache_tlb_data_read_hits_total",
        "Number of data TLB read hits",
        cache(DTLB, READ, ACCESS),
    ),
    profiler(
        "DataTLBReadMiss",
        "cache_tlb_data_read_misses_total",
        "Number of data TLB read misses",
        cache(DTLB, READ, MISS),
    ),
    profiler(
        "DataTLBWriteHit",
        "cache_tlb_data_write_hits_total",
        "Number of data TLB write hits",
        cache(DTLB, WRITE, ACCESS),
    ),
    profiler(
        "DataTLBWriteMiss",
        "cache_tlb_data_write_misses_total",
        "Number of data TLB write misses",
        cache(DTLB, WRITE, MISS),
    ),
    profiler(
        "InstrTLBReadHit",
        "cache_tlb_instr_read_hits_total",
        "Number instruction TLB read hits",
        cache(ITLB, READ, ACCESS),
    ),
    profiler(
        "InstrTLBReadMiss",
        "cache_tlb_instr_read_misses_total",
        "Number instruction TLB read misses",
        cache(ITLB, READ, MISS),
    ),
    profiler(
        "BPUReadHit",
        "cache_bpu_read_hits_total",
        "Number BPU read hits",
        cache(BPU, READ, ACCESS),
    ),
    profiler(
        "BPUReadMiss",
        "cache_bpu_read_misses_total",
        "Number BPU read misses",
        cache(BPU, READ, MISS),
    ),
];
