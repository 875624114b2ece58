//! The chain that all contestants walk: a hundred states, a counter in each.

/// Calls `$callback!` with one line for each link: step, source, outcome, target.
///
/// Names cannot be counted up in a macro, so they are listed once, here.
macro_rules! chain {
    ($callback:ident) => {
        $callback! {
            s0 S0 To0 S1;
            s1 S1 To1 S2;
            s2 S2 To2 S3;
            s3 S3 To3 S4;
            s4 S4 To4 S5;
            s5 S5 To5 S6;
            s6 S6 To6 S7;
            s7 S7 To7 S8;
            s8 S8 To8 S9;
            s9 S9 To9 S10;
            s10 S10 To10 S11;
            s11 S11 To11 S12;
            s12 S12 To12 S13;
            s13 S13 To13 S14;
            s14 S14 To14 S15;
            s15 S15 To15 S16;
            s16 S16 To16 S17;
            s17 S17 To17 S18;
            s18 S18 To18 S19;
            s19 S19 To19 S20;
            s20 S20 To20 S21;
            s21 S21 To21 S22;
            s22 S22 To22 S23;
            s23 S23 To23 S24;
            s24 S24 To24 S25;
            s25 S25 To25 S26;
            s26 S26 To26 S27;
            s27 S27 To27 S28;
            s28 S28 To28 S29;
            s29 S29 To29 S30;
            s30 S30 To30 S31;
            s31 S31 To31 S32;
            s32 S32 To32 S33;
            s33 S33 To33 S34;
            s34 S34 To34 S35;
            s35 S35 To35 S36;
            s36 S36 To36 S37;
            s37 S37 To37 S38;
            s38 S38 To38 S39;
            s39 S39 To39 S40;
            s40 S40 To40 S41;
            s41 S41 To41 S42;
            s42 S42 To42 S43;
            s43 S43 To43 S44;
            s44 S44 To44 S45;
            s45 S45 To45 S46;
            s46 S46 To46 S47;
            s47 S47 To47 S48;
            s48 S48 To48 S49;
            s49 S49 To49 S50;
            s50 S50 To50 S51;
            s51 S51 To51 S52;
            s52 S52 To52 S53;
            s53 S53 To53 S54;
            s54 S54 To54 S55;
            s55 S55 To55 S56;
            s56 S56 To56 S57;
            s57 S57 To57 S58;
            s58 S58 To58 S59;
            s59 S59 To59 S60;
            s60 S60 To60 S61;
            s61 S61 To61 S62;
            s62 S62 To62 S63;
            s63 S63 To63 S64;
            s64 S64 To64 S65;
            s65 S65 To65 S66;
            s66 S66 To66 S67;
            s67 S67 To67 S68;
            s68 S68 To68 S69;
            s69 S69 To69 S70;
            s70 S70 To70 S71;
            s71 S71 To71 S72;
            s72 S72 To72 S73;
            s73 S73 To73 S74;
            s74 S74 To74 S75;
            s75 S75 To75 S76;
            s76 S76 To76 S77;
            s77 S77 To77 S78;
            s78 S78 To78 S79;
            s79 S79 To79 S80;
            s80 S80 To80 S81;
            s81 S81 To81 S82;
            s82 S82 To82 S83;
            s83 S83 To83 S84;
            s84 S84 To84 S85;
            s85 S85 To85 S86;
            s86 S86 To86 S87;
            s87 S87 To87 S88;
            s88 S88 To88 S89;
            s89 S89 To89 S90;
            s90 S90 To90 S91;
            s91 S91 To91 S92;
            s92 S92 To92 S93;
            s93 S93 To93 S94;
            s94 S94 To94 S95;
            s95 S95 To95 S96;
            s96 S96 To96 S97;
            s97 S97 To97 S98;
            s98 S98 To98 S99;
        }
    };
}

/// The data of every state, in every contestant.
pub(crate) const LENGTH: u64 = 99;

pub(crate) use chain;
