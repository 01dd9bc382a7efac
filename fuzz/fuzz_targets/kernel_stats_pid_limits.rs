#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::parse_kernel_file("pid_limits", data));
